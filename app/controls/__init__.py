"""The controls dock: a lab's parameter fields as widgets. `table` says which widget a kind of control has."""
