"""What a user would run instead: each peer the way its documentation shows, on the same weights and rows."""
