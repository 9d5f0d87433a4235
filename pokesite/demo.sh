#!/usr/bin/env bash
# The demo: our own PokéAPI on loopback, one run of the command against it, and the site.
# Everything it makes is in .demo, which it begins anew; Ctrl-C ends it.
set -euo pipefail

cd "$(dirname "$0")/.."
rm -rf .demo
mkdir .demo
export DATABASE_URL="sqlite:///$PWD/.demo/db.sqlite3" MEDIA_ROOT="$PWD/.demo/media" DEBUG=true

exec {upstream}< <(exec python -m sprites.testing)
server=$!
trap 'kill "$server" 2>/dev/null || true' EXIT
read -r SPRITES_API_URL <&"$upstream"
export SPRITES_API_URL

python manage.py migrate -v0
DJANGO_SUPERUSER_PASSWORD=demo python manage.py createsuperuser \
    --noinput --username demo --email demo@example.com -v0

echo "\$ python manage.py fetch_sprites --workers 8 --species     (from $SPRITES_API_URL)"
python manage.py fetch_sprites --workers 8 --species
python manage.py fetch_sprites --all --sprites all --species -v0 > /dev/null

echo
echo "The gallery: http://127.0.0.1:$PORT/    The admin: /admin/, user demo, password demo"
echo "Ctrl-C ends the demo."
python manage.py runserver --noreload "127.0.0.1:$PORT" || true
