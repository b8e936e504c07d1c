#!/bin/sh
# Makes docker/secrets/ with what compose.yaml asks for; what is there already stays as it is.
#
# Others on this machine cannot enter the folder. The files themselves can be read by all: they are mounted one by one into
# containers that run as another user.
set -eu
umask 077
cd "$(dirname "$0")"
mkdir -p secrets
chmod 700 secrets

random() { od -An -tx1 -N32 /dev/urandom | tr -d ' \n'; }

[ -s secrets/secret_key ] || random > secrets/secret_key
[ -s secrets/postgres_password ] || random > secrets/postgres_password
[ -s secrets/database_url ] ||
    printf 'postgresql://yishi:%s@postgres:5432/yishi' "$(cat secrets/postgres_password)" > secrets/database_url
chmod 444 secrets/*
