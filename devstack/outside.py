"""The servers that DATABASE_URL and REDIS_URL name: used as they are, never started or emptied."""

import os

import psycopg
import redis

from devstack.failure import StackError

OLDEST_POSTGRES = 15
OLDEST_REDIS = 7
CONNECT_SECONDS = 5


def are_named() -> bool:
    """Whether the environment names both servers; naming one alone is an error."""
    named = [name for name in ("DATABASE_URL", "REDIS_URL") if os.environ.get(name)]
    if len(named) == 1:
        raise StackError(
            f"Only {named[0]} is set: set both DATABASE_URL and REDIS_URL, or neither."
        )
    return bool(named)


def check_versions() -> None:
    """Raise StackError unless both servers answer and are new enough."""
    postgres, cache = postgres_version(), redis_version()
    if postgres < OLDEST_POSTGRES:
        raise StackError(
            f"PostgreSQL {OLDEST_POSTGRES} or newer is needed; this one is {postgres}."
        )
    if cache < OLDEST_REDIS:
        raise StackError(f"Redis {OLDEST_REDIS} or newer, or Valkey, is needed; this is {cache}.")


def postgres_version() -> int:
    try:
        with psycopg.connect(os.environ["DATABASE_URL"], connect_timeout=CONNECT_SECONDS) as line:
            return line.info.server_version // 10_000
    except psycopg.Error as error:
        reason = str(error).strip().splitlines()[0]
        raise StackError(f"The database that DATABASE_URL names can't be used: {reason}") from None


def redis_version() -> int:
    """Return the major version of Redis that the server is, or says it is compatible with."""
    try:
        client = redis.Redis.from_url(
            os.environ["REDIS_URL"], socket_connect_timeout=CONNECT_SECONDS, socket_timeout=5
        )
        return int(str(client.info("server")["redis_version"]).split(".")[0])
    except (redis.RedisError, ValueError) as error:
        raise StackError(f"The server that REDIS_URL names can't be used: {error}") from None
