"""Labs on training: what makes a network learn well."""
