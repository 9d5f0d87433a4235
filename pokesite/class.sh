#!/usr/bin/env bash
# A class: the first Pokémon mirrored into this site, which then serves them to the local network in
# the place of PokéAPI, and leads nowhere else. Ctrl-C ends it; what was mirrored stays.
set -euo pipefail

cd "$(dirname "$0")/.."
export ADDRESS="${ADDRESS:-}" PORT="${PORT:-8000}" PROCESSES="${PROCESSES:-2}"
LIMIT="${LIMIT:-100}"

stop() { # CODE LINE
    echo "$2" >&2
    exit "$1"
}

[[ "$PROCESSES" =~ ^[1-9][0-9]?$ ]] || stop 2 "PROCESSES is '$PROCESSES'; allowed: a whole number from 1 to 99"
ADDRESS=$(python -m pokesite.network) || exit 2
python manage.py migrate -v0

echo "Mirroring the first $LIMIT Pokémon …"
code=0
said=$(SPRITES_MAX_OUTAGE="${SPRITES_MAX_OUTAGE:-5}" \
    python manage.py fetch_sprites --workers 8 --limit "$LIMIT" 2>&1) || code=$?
case $code in
0 | 1) echo "$said" ;;
3)
    why=$(sed -n 's/^Stopped: //p' <<< "$said")
    here=$(python manage.py shell -v0 -c 'from sprites.models import Document
print(Document.objects.filter(resource="pokemon", number__gt=0).count())')
    ((here)) || stop 3 "${why:-$said}. Nothing is mirrored yet: run this once where there is internet, or name a mirror by SPRITES_API_URL."
    echo "${why:-$said}. The class gets the $here Pokémon that are here."
    ;;
*) stop "$code" "$said" ;;
esac

export ALLOWED_HOSTS="$ADDRESS" DEBUG=false BEHIND_TLS=false SPRITES_STANDALONE=true
exec python -m gunicorn -c python:pokesite.classroom pokesite.wsgi
