import CLibPQ
import Glibc
import Host
public import Maintenance

extension Wire {
    /// Makes sure that the connection leads to `settings` and is alive as far as libpq knows.
    func connect(to settings: ConnectionSettings, _ bounds: CallBounds) throws {
        if let connection, self.settings == settings, PQstatus(connection) == CONNECTION_OK, !isStale { return }
        disconnect()
        let attempts = settings.attempts
        var failure: any Error = CouldNotLook(.unreachable, "\(settings.identity) has no host.")
        for (index, keywords) in attempts.enumerated() {
            let share = (bounds.deadline - bounds.steady()) / (attempts.count - index)
            do {
                return adopt(try open(keywords, settings, within(keywords, share, bounds)), settings)
            } catch let error as CouldNotLook {
                failure = error
            }
        }
        throw failure
    }

    /// An idle connection has nothing to say; when its socket is readable the server has hung up or is about to.
    private var isStale: Bool {
        guard let connection else { return true }
        var watched = pollfd(fd: PQsocket(connection), events: Int16(POLLIN), revents: 0)
        while Glibc.poll(&watched, 1, 0) > 0 {
            guard PQconsumeInput(connection) == 1, PQstatus(connection) == CONNECTION_OK else { return true }
            // Nothing is asked for, so this reads the server's farewell as a notice.
            _ = PQisBusy(connection)
        }
        return takeNotices().contains { $0.severity == "FATAL" || $0.severity == "PANIC" }
    }

    private func within(_ keywords: [String: String], _ share: Duration, _ bounds: CallBounds) -> CallBounds {
        let asked = keywords["connect_timeout"].flatMap { Int($0) } ?? 0
        return bounds.within(asked > 0 ? min(share, .seconds(max(2, asked))) : share)
    }

    private func open(
        _ keywords: [String: String], _ settings: ConnectionSettings, _ bounds: CallBounds
    ) throws -> OpaquePointer {
        guard let connection = start(keywords) else {
            throw CouldNotLook(.limitReached, "There is no memory for a connection to \(settings.identity).")
        }
        do {
            // So that an error while connecting carries its SQLSTATE, whatever language its text is in.
            PQsetErrorVerbosity(connection, PQERRORS_VERBOSE)
            try poll(connection, settings, bounds)
            PQsetErrorVerbosity(connection, PQERRORS_DEFAULT)
            return connection
        } catch {
            PQfinish(connection)
            throw error
        }
    }

    private func start(_ keywords: [String: String]) -> OpaquePointer? {
        let pairs = keywords.sorted { $0.key < $1.key }
        let names = pairs.map { strdup($0.key) }
        let values = pairs.map { strdup($0.value) }
        defer { for pointer in names + values { free(pointer) } }
        let nameList = names.map { UnsafePointer($0) } + [nil]
        let valueList = values.map { UnsafePointer($0) } + [nil]
        return PQconnectStartParams(nameList, valueList, 0)
    }

    private func poll(
        _ connection: OpaquePointer, _ settings: ConnectionSettings, _ bounds: CallBounds
    ) throws {
        var status = PQstatus(connection) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING
        while status != PGRES_POLLING_OK {
            guard status != PGRES_POLLING_FAILED else {
                throw ConnectFailure.cause(String(cString: PQerrorMessage(connection)), settings)
            }
            do throws(Interruption) {
                let events = status == PGRES_POLLING_READING ? POLLIN : POLLOUT
                try wait(for: Int32(events), on: PQsocket(connection), bounds)
            } catch {
                guard case .deadline = error else { throw error }
                throw CouldNotLook(.timedOut, "\(settings.identity) did not answer in time while connecting.")
            }
            status = PQconnectPoll(connection)
        }
    }
}

/// What libpq's text of a failed connect means. The text itself is passed on only where the server wrote it.
enum ConnectFailure {
    static func cause(_ text: String, _ settings: ConnectionSettings) -> CouldNotLook {
        let scrubbed = settings.secrets.filter { $0.count > 3 }.reduce(text) { $0.replacing($1, with: "(secret)") }
        if let error = serverError(scrubbed) { return CouldNotLook(error.failure(of: settings.identity).cause) }
        for (words, code, sentence) in phrases where scrubbed.contains(words) {
            return CouldNotLook(code, "\(settings.identity) \(sentence)")
        }
        return CouldNotLook(.unreachable, "\(settings.identity) could not be reached.")
    }

    /// `FATAL:  28P01: password authentication failed for user "app"`: the first line with a SQLSTATE in it.
    private static func serverError(_ text: String) -> ServerError? {
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: ":", omittingEmptySubsequences: false).map { $0.drop { $0 == " " } }
            let isState = { (part: Substring) in
                part.utf8.count == 5 && part.utf8.allSatisfy { (48...57).contains($0) || (65...90).contains($0) }
                    && part.contains { $0.isNumber }
            }
            guard let index = parts.dropFirst().firstIndex(where: isState), index + 1 < parts.count
            else { continue }
            let message = parts[(index + 1)...].joined(separator: ": ")
            return ServerError(state: String(parts[index]), message: message)
        }
        return nil
    }

    private static let phrases: [(String, Cause.Code, String)] = [
        ("Connection refused", .refused, "refused the connection. Is the server running, and the port right?"),
        ("could not translate host name", .unreachable, "has a host name that cannot be resolved."),
        ("No route to host", .unreachable, "cannot be reached: there is no route to the host."),
        ("etwork is unreachable", .unreachable, "cannot be reached: its network is unreachable."),
        ("No such file or directory", .refused, "has no socket there. Is the server running?"),
        ("timed out", .timedOut, "did not answer in time while connecting."),
        ("timeout expired", .timedOut, "did not answer in time while connecting."),
        ("definition of service", .misconfigured, "is a service that no service file defines."),
        ("service file", .misconfigured, "is a service whose service file cannot be read."),
        ("does not support SSL", .encryptionFailed, "offers no TLS, and the target's sslmode requires it."),
        ("certificate", .encryptionFailed, "shows a certificate that does not stand the target's sslmode."),
        ("SSL error", .encryptionFailed, "could not agree on TLS."),
        ("no password supplied", .signInFailed, "asks for a password, and the target has none."),
        ("password", .signInFailed, "does not accept the target's password or way of signing in."),
        ("SCRAM", .signInFailed, "does not accept the target's password or way of signing in."),
        ("authentication", .signInFailed, "asks for a way of signing in that is not possible here."),
        ("session is read-only", .notSupported, "is read-only, and the target asks for a server that is not."),
        ("session is not read-only", .notSupported, "is a primary, and the target asks for a standby."),
        ("in recovery", .notSupported, "is not in the state that target_session_attrs asks for."),
        ("in hot standby mode", .notSupported, "is not in the state that target_session_attrs asks for."),
        ("closed the connection", .connectionLost, "closed the connection while signing in."),
        ("Connection reset", .connectionLost, "closed the connection while signing in."),
        ("could not receive data", .connectionLost, "closed the connection while signing in."),
        ("could not send", .connectionLost, "closed the connection while signing in."),
        ("received", .malformed, "answers, and not as a PostgreSQL server does."),
        ("invalid", .misconfigured, "has a setting in its URL that PostgreSQL's client does not accept."),
    ]
}

extension Cause.Code {
    /// The target's settings cannot work, wherever they lead.
    public static let misconfigured = Cause.Code(rawValue: "misconfigured")
    /// No agreement on TLS, or a certificate that is not trusted.
    public static let encryptionFailed = Cause.Code(rawValue: "encryption-failed")
}
