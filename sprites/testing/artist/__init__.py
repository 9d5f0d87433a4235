"""The artist: draws the invented creatures. In: a sprite's name. Out: the bytes of its file."""
