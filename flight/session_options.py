"""SetSessionOptions and GetSessionOptions: the published messages around the session's own registry of options."""

from flight.gen import flight_session_pb2 as flight
from server.errors import InvalidArgument, LakehouseError, NotFound
from server.sessions.options import Value
from server.sessions.session import Session

_Errors = flight.SetSessionOptionsResult


def set_options(session: Session, request: flight.SetSessionOptionsRequest) -> bytes:
    """The serialised result, which lists only what could not be set; the others are set."""
    values = {name: _value(option) for name, option in request.session_options.items()}
    errors = session.set_options(values)
    result = _Errors(errors={name: _Errors.Error(value=_kind(error)) for name, error in errors.items()})
    return result.SerializeToString()


def get_options(session: Session, _: flight.GetSessionOptionsRequest) -> bytes:
    found = session.options()
    result = flight.GetSessionOptionsResult(session_options={name: _message(value) for name, value in found.items()})
    return result.SerializeToString()


def _value(option: flight.SessionOptionValue) -> Value | None:
    """None where nothing is set, which resets the option."""
    kind = option.WhichOneof("option_value")
    if kind is None:
        return None
    if kind == "string_list_value":
        return list(option.string_list_value.values)
    value: Value = getattr(option, kind)
    return value


def _message(value: Value) -> flight.SessionOptionValue:
    match value:
        case bool():
            return flight.SessionOptionValue(bool_value=value)
        case int():
            return flight.SessionOptionValue(int64_value=value)
        case float():
            return flight.SessionOptionValue(double_value=value)
        case str():
            return flight.SessionOptionValue(string_value=value)
    return flight.SessionOptionValue(string_list_value=flight.SessionOptionValue.StringListValue(values=value))


def _kind(error: LakehouseError) -> flight.SetSessionOptionsResult.ErrorValue.ValueType:
    if isinstance(error, NotFound):
        return _Errors.INVALID_NAME
    return _Errors.INVALID_VALUE if isinstance(error, InvalidArgument) else _Errors.ERROR
