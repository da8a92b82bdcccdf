"""The words beside a lab: notes with typeset mathematics and live numbers, and the lab's own source."""
