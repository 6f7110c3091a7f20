"""How good a student is, and what it took over from its teacher."""
