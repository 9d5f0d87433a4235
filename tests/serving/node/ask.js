// Asks a PokéAPI by pokenode-ts. In: the API's address. Out: what came, as JSON.
import { PokemonClient } from "pokenode-ts";

const api = new PokemonClient({ baseURL: process.argv[2], cache: false, revalidate: true });
const page = await api.listPokemons(20, 10);
const all = [];
for await (const row of api.paginate("listPokemons", { pageSize: 30 })) all.push(row.name);
const byId = await api.getPokemonById(1);
const byName = await api.getPokemonByName(byId.name);
const types = await api.resolveAll(byId.types.map((slot) => slot.type));
const species = await api.listPokemonSpecies(0, 5);
const missing = await api.getPokemonByName("nobody").catch((error) => error.status);
const image = await fetch(byId.sprites.front_default);
const bytes = Buffer.from(await image.arrayBuffer()).toString("base64");
await api.getPokemonById(1);
const { revalidated } = api.stats;
const found = { page, all, byId, byName, types, species, missing, bytes, revalidated };
console.log(JSON.stringify(found));
