"""The wire: Flight and Flight SQL messages in, typed commands out. It holds no SQL policy; that is `server`'s."""
