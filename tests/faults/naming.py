"""A site's NAMING that looks right at first."""


def by_pairs(pokemon: int, key: str) -> str:
    """Give the third Pokémon's sprites the names of the second's."""
    return f"{min(pokemon, 2)}/{key}"
