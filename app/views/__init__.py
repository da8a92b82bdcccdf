"""What a lab yields, drawn: a view for each type of frame, and the panel around it."""
