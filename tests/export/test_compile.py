from student.bundle import Bundle
def test_a(tiny_bundle: Bundle) -> None:
    print(tiny_bundle.manifest.parity)
