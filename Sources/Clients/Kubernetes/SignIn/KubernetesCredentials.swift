import ClientHTTP
import Host
import Maintenance
import Synchronization

/// The credentials of one user: kept while they are good, got anew once for all who wait.
final class KubernetesCredentials: Sendable {
    private struct State {
        var current: KubernetesCredential?
        var generation = 0
        var isAsking = false
        var waiting: [AsyncStream<Never>.Continuation] = []
    }

    private enum Turn {
        case use(KubernetesCredential)
        case wait(AsyncStream<Never>)
        case ask(generation: Int)
    }

    private let settings: KubernetesSettings
    private let host: Host
    private let state = Mutex(State())

    init(_ settings: KubernetesSettings, on host: Host) {
        self.settings = settings
        self.host = host
    }

    func current(in context: Context) async throws -> KubernetesCredential {
        while true {
            switch turn() {
            case .use(let credential): return credential
            case .wait(let end):
                for await _ in end {}
                try Task.checkCancellation()
            case .ask(let generation):
                do {
                    let credential = try await fetch(generation, in: context)
                    finish(credential)
                    return credential
                } catch {
                    finish(nil)
                    throw error
                }
            }
        }
    }

    /// The API did not accept a credential: true where another one may be had.
    func refuse(_ credential: KubernetesCredential) -> Bool {
        switch settings.signIn {
        case .none, .token: return false
        case .tokenFile, .program:
            state.withLock { state in
                // Another step may have got a new one meanwhile.
                if state.current?.generation == credential.generation { state.current = nil }
            }
            return true
        }
    }

    private func turn() -> Turn {
        state.withLock { state in
            if let current = state.current, current.isFresh(on: host) { return .use(current) }
            if state.isAsking {
                let (end, waiting) = AsyncStream<Never>.makeStream()
                state.waiting.append(waiting)
                return .wait(end)
            }
            state.isAsking = true
            state.generation += 1
            return .ask(generation: state.generation)
        }
    }

    private func finish(_ credential: KubernetesCredential?) {
        let waiting = state.withLock { state in
            state.isAsking = false
            state.current = credential
            defer { state.waiting = [] }
            return state.waiting
        }
        for one in waiting { one.finish() }
    }

    private func fetch(_ generation: Int, in context: Context) async throws -> KubernetesCredential {
        var credential = KubernetesCredential(generation: generation)
        switch settings.signIn {
        case .none: break
        case .token(let token): credential.token = try Self.checked(token, "The token of the kubeconfig")
        case .tokenFile(let path, let otherwise):
            credential.token = try await token(at: path, otherwise, in: context)
            credential.rereads = host.steady() + KubernetesLimits.tokenAge
        case .program(let program):
            let answer = try await SignInRun(program: program, settings: settings, in: context).run()
            credential.token = try answer.token.map { try Self.checked($0, "The sign-in program's token") }
            credential.certificate = answer.certificate
            credential.expires = answer.expires
        }
        return credential
    }

    private func token(at path: String, _ otherwise: Secret?, in context: Context) async throws -> Secret {
        do {
            let text = String(decoding: try await KubernetesFiles(context: context).read(path), as: UTF8.self)
            let token = text.drop { $0.isWhitespace }.prefix { !$0.isWhitespace }
            guard !token.isEmpty else { throw CouldNotLook(.signInFailed, "The token's file \(path) is empty.") }
            return try Self.checked(Secret(String(token)), "The token in \(path)")
        } catch let error as CouldNotLook {
            guard let otherwise else { throw error }
            return try Self.checked(otherwise, "The token of the kubeconfig")
        }
    }

    /// A line break in a header would be the beginning of another one.
    private static func checked(_ token: Secret, _ what: String) throws -> Secret {
        guard token.reveal().utf8.allSatisfy({ $0 > 32 && $0 < 127 }) else {
            throw CouldNotLook(.malformed, "\(what) holds a space or a character that no token has.")
        }
        return token
    }
}
