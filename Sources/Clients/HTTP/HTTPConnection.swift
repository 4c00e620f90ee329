import Host
import Maintenance

/// The connections to one `http` target, kept for a run and shared by its steps.
public final class HTTPConnection: Sendable {
    let kind: HTTPKind
    let transport: HTTPTransport?

    init(_ kind: HTTPKind, on host: Host) {
        self.kind = kind
        let endpoint = try? HTTPEndpoint(url: kind.url, trust: kind.ca.map { .file($0) } ?? .system)
        transport = endpoint.map { HTTPTransport($0, on: host) }
    }

    func close() async { await transport?.close() }
}
