"""Settings from file, environment and flags: which wins, and what a person reads when one is wrong."""

import subprocess
import sys
from pathlib import Path

import click
import pytest

from server.__main__ import serve
from server.config import Settings, environment_name, has_flag
from server.config_sources import read_settings
from server.errors import StartupError
from tests.harness import ROOT, Server
from tests.startup.refusal import refusal


def refused(tmp_path: Path, content: str | bytes) -> tuple[str, Path]:
    file = tmp_path / "lakehouse.toml"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(StartupError) as error:
        read_settings(file, {}, {})
    return str(error.value), file


@pytest.mark.parametrize(
    ("content", "key", "reason"),
    [
        ("prot = 1", "prot", "there is no such setting"),
        ("[server]\nport = 1", "server", "there is no such setting"),
        ('port = "many"', "port", "valid integer"),
        ("port = 70000", "port", "less than or equal to 65535"),
        ("memory = 8", "memory", "valid string"),
        ('s3_use_tls = "perhaps"', "s3_use_tls", "valid boolean"),
        ('log_level = "loud"', "log_level", "'debug', 'info', 'warning' or 'error'"),
        ('lake_catalog = "mysql:host=x"', "lake_catalog", "must be empty"),
        ('lake_data = "gs://bucket"', "lake_data", "must be empty"),
        ("import_folder = 5", "import_folder", "valid path"),
        ('data = "a\\u0000b"', "data", "NUL"),
    ],
)
def test_wrong_key_of_the_file_is_told_with_file_key_and_reason(
    tmp_path: Path, content: str, key: str, reason: str
) -> None:
    message, file = refused(tmp_path, content)
    assert message.startswith(f"settings file {file}, key '{key}': ")
    assert reason in message


def test_secret_that_is_wrong_is_not_repeated(tmp_path: Path) -> None:
    message, _ = refused(tmp_path, "s3_secret_key = 123456789")
    assert "123456789" not in message
    message, _ = refused(tmp_path, 'lake_catalog = "user=me password=hush"')
    assert "hush" not in message


def test_file_that_is_no_toml_is_told_with_its_line(tmp_path: Path) -> None:
    message, file = refused(tmp_path, "port = 1\nhost = \n")
    assert message.startswith(f"settings file {file}: ")
    assert "line 2" in message


def test_file_that_is_not_utf8_is_told(tmp_path: Path) -> None:
    message, file = refused(tmp_path, b'host = "\xff\xfe"')
    assert message == f"settings file {file}: is not UTF-8 text"


def test_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(StartupError, match=r"settings file .*/none\.toml: No such file"):
        read_settings(tmp_path / "none.toml", {}, {})


def test_wrong_environment_variable_is_told_by_its_name() -> None:
    with pytest.raises(StartupError, match=r"^environment variable LAKEHOUSE_THREADS: .*valid integer"):
        read_settings(None, {"LAKEHOUSE_THREADS": "many"}, {})


def test_wrong_flag_is_told_by_its_name() -> None:
    with pytest.raises(StartupError, match=r"^flag --queue-wait-s-max: .*greater than 0"):
        read_settings(None, {}, {"queue_wait_s_max": "-1"})


def test_wrong_settings_end_the_server_with_one_line(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "lakehouse.toml"
    file.write_text('threads = "many"')
    message = refusal(Server(data, "--config", str(file)))
    assert message.startswith(f"settings file {file}, key 'threads': ")
    assert not data.exists()


@pytest.mark.parametrize(
    ("name", "value"), [("memory", "lots"), ("temp_bytes_max", "much"), ("import_folder", "/proc/x")]
)
def test_value_that_only_the_engine_can_judge_is_told_by_setting(data: Path, name: str, value: str) -> None:
    message = refusal(Server(data, environment={environment_name(name): value}))
    assert message.startswith(f"setting {name} = '{value}': ")


def test_flag_beats_environment_beats_file(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "lakehouse.toml"
    file.write_text("rag_k_max = 11\nsearch_k_max = 12\nprepared_max = 13\n")
    environment = {"LAKEHOUSE_SEARCH_K_MAX": "22", "LAKEHOUSE_PREPARED_MAX": "23", "LAKEHOUSE_S3_SECRET_KEY": "hush"}
    with Server(data, "--config", str(file), "--prepared-max", "33", environment=environment) as server:
        rows = server.rows("SELECT name, value, source FROM catalog.settings")
    found = {row["name"]: (row["value"], row["source"]) for row in rows}
    assert found["rag_k_max"] == ("11", "file")
    assert found["search_k_max"] == ("22", "environment")
    assert found["prepared_max"] == ("33", "flag")
    assert found["s3_secret_key"] == ("(set)", "environment")
    assert found["query_chars_max"] == ("100000", "default")
    assert found.keys() == Settings.model_fields.keys()


def test_every_setting_has_a_help_text_and_every_flag_shows_it() -> None:
    help_text = " ".join(_help("serve", "--help").split())
    flags = {option.name: option for option in serve.params if isinstance(option, click.Option)}
    assert flags.keys() - {"config"} == {name for name in Settings.model_fields if has_flag(name)}
    for name, option in flags.items():
        assert option.help
        assert f"--{name}".replace("_", "-") in help_text
        assert " ".join(option.help.split()) in help_text
    assert all(field.description for field in Settings.model_fields.values())


def test_help_of_the_program_names_its_commands() -> None:
    text = _help("--help")
    assert "serve" in text
    assert "probe" in text


def test_unknown_flag_is_refused_by_name(data: Path) -> None:
    ended = _run("serve", "--data", str(data), "--prot", "1")
    assert ended.returncode == 2
    assert "--prot" in ended.stderr
    assert not data.exists()


def _help(*arguments: str) -> str:
    ended = _run(*arguments)
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout


def _run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "server", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
