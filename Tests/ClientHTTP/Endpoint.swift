import Host
import Maintenance

@testable import ClientHTTP

/// An endpoint under test: asks as a step does, and keeps what the accesses noted.
struct Endpoint {
    let kind: HTTPKind
    let evidence = EvidenceLog(host: .system)

    init(_ url: String, _ change: (inout HTTPKind) -> Void = { _ in }) {
        var kind = HTTPKind()
        kind.url = url
        change(&kind)
        self.kind = kind
    }

    func context(_ patience: Duration = .seconds(20)) -> Context {
        Context(
            host: .system, deadline: Host.system.steady() + patience, label: WorkLabel(run: "run", step: "step"),
            evidence: evidence)
    }

    func use<R>(
        patience: Duration = .seconds(20), for purpose: Purpose = .look, _ body: (HTTPAccess) async throws -> R
    ) async throws -> R {
        let client = kind.open(on: .system)
        return try await doing {
            try await body(try await kind.access(client, for: purpose, in: context(patience)))
        } finally: {
            await kind.close(client)
        }
    }

    func get(
        _ path: String = "", patience: Duration = .seconds(20), limit: Int = HTTPLimits.body,
        oversize: Oversize = .refuse
    ) async throws -> HTTPAnswer {
        try await use(patience: patience) { try await $0.get(path, limit: limit, oversize: oversize) }
    }

    /// The cause for which no answer came; `nil` where one did.
    func cause(_ path: String = "", patience: Duration = .seconds(20)) async throws -> Cause? {
        do {
            _ = try await get(path, patience: patience)
            return nil
        } catch let error as CouldNotLook { return error.cause }
    }
}
