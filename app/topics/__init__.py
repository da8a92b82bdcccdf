"""The pages of the window: start, a topic, a lab; and the navigator that leads to them."""
