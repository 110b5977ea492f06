"""Connecting to the sockets of an emulator that is about to start (connect() of tools/qmp.py)."""
import socket
import threading
import time

import pytest
import qmp


def test_connect_waits_for_the_listener(tmp_path):
    path = str(tmp_path / 'late')
    asked = threading.Event()  # connect() has found nobody

    def appear():
        asked.wait(20)
        listener.bind(path)
        listener.listen(1)

    def alive():
        asked.set()
        return True

    with socket.socket(socket.AF_UNIX) as listener:
        thread = threading.Thread(target=appear)
        thread.start()
        with qmp.connect(path, 20, alive) as sock:
            assert sock.getpeername() == path
        thread.join()


def test_connect_does_not_wait_for_the_dead(tmp_path):
    begin = time.monotonic()
    with pytest.raises(qmp.Gone, match='nobody listens at .*/never'):
        qmp.connect(str(tmp_path / 'never'), 300, lambda: False)
    assert time.monotonic() - begin < 60


def test_connect_waits_no_longer_than_it_may(tmp_path):
    with pytest.raises(qmp.Gone):
        qmp.connect(str(tmp_path / 'never'), 0)
