import Maintenance

/// What went wrong on a connection, before it is said to whom.
enum RedisFailure: Error, Hashable {
    case refused
    case unreachable(String)
    case connectTimedOut
    case timedOut
    case lost
    case tls(String)
    case authorityFile(String)
    case malformed(String)
    case tooLarge(String)
    case answered(RedisErrorReply, command: String)

    /// The cause of an `unknown`, for people: what, where, what to do next.
    func couldNotLook(at identity: String) -> CouldNotLook {
        switch self {
        case .refused:
            CouldNotLook(.refused, "\(identity) refuses the connection: is the server running, and is the port right?")
        case .unreachable(let reason):
            CouldNotLook(.unreachable, "\(identity) cannot be reached (\(reason)): check the name and the network.")
        case .connectTimedOut:
            CouldNotLook(.timedOut, "\(identity) did not answer while connecting: check the network and the server.")
        case .timedOut:
            CouldNotLook(.timedOut, "\(identity) did not answer in time: is the server busy or stuck?")
        case .lost:
            CouldNotLook(.connectionLost, "\(identity) closed the connection before it had answered: try again.")
        case .tls(let reason):
            CouldNotLook(
                .tlsFailed, "No TLS connection to \(identity) (\(reason)): check its certificate and `ca-file`.")
        case .authorityFile(let reason):
            CouldNotLook(.malformed, "The `ca-file` of \(identity) cannot be used (\(reason)): give a PEM file.")
        case .malformed(let what):
            CouldNotLook(.malformed, "\(identity) answered with \(what): is it a Redis server?")
        case .tooLarge(let what):
            CouldNotLook(.tooLarge, "\(identity) answered with \(what), more than is taken: ask for less.")
        case .answered(let error, let command): error.couldNotLook(at: identity, command: command)
        }
    }
}

extension Cause.Code {
    /// The connection stands, and no trusted TLS session came of it.
    static let tlsFailed = Cause.Code(rawValue: "tls-failed")
}

extension RedisErrorReply {
    /// What a server's error means for who asked; of its message nothing is shown, for it may hold data.
    func couldNotLook(at identity: String, command: String) -> CouldNotLook {
        if message.contains("max number of clients") {
            return CouldNotLook(.busy, "\(identity) has no connection left (maxclients): try again later.")
        }
        if message.contains("without any password configured") || message.contains("no password is set")
            || message.contains("invalid password")
        {
            return CouldNotLook(.signInFailed, "\(identity) does not accept the password: check the user and password.")
        }
        // Version 7.0 does not say which command of a script it was.
        if message.contains("can't run this command") || message.contains("can't access at least one of the keys") {
            return CouldNotLook(
                .noPermission,
                "\(identity) does not permit a command inside the script: grant what `millwright rights` lists for it.")
        }
        switch code {
        case "NOAUTH":
            return CouldNotLook(.signInFailed, "\(identity) asks for a password: give one in the url.")
        case "WRONGPASS":
            return CouldNotLook(.signInFailed, "\(identity) does not accept the user and password: check them.")
        case "NOPERM":
            return CouldNotLook(.noPermission, "\(identity) does not permit \(denied(command)).")
        case "LOADING":
            return CouldNotLook(.busy, "\(identity) is still loading its data: try again when it is done.")
        case "BUSY", "TRYAGAIN", "MASTERDOWN":
            return CouldNotLook(.busy, "\(identity) is busy and answered \(command) with \(code): try again later.")
        case "READONLY":
            return CouldNotLook(.rejected, "\(identity) is a read-only replica: give the primary as the target.")
        case "MOVED", "ASK", "CROSSSLOT", "CLUSTERDOWN":
            return CouldNotLook(
                .notSupported,
                "\(identity) is a node of a cluster and has not these keys, or not all: slots moved, or it is not done there."
            )
        default:
            return CouldNotLook(.rejected, "\(identity) answered \(command) with the error \(code).")
        }
    }

    /// The command, or the part of the data, that a NOPERM is about, and the rule that would permit it.
    private func denied(_ command: String) -> String {
        if message.contains("key") {
            return "\(command) on one of the keys: the user's key patterns (ACL SETUSER … ~pattern) do not cover it"
        }
        // A script's error names the command inside it: "run the 'unlink' command".
        let quoted = message.split(separator: "'", omittingEmptySubsequences: false)
        var name = command
        if quoted.count >= 3, !quoted[1].isEmpty, quoted[1].count <= 40,
            quoted[1].allSatisfy({ $0.isASCII && ($0.isLetter || $0 == "|" || $0 == ".") })
        {
            name = quoted[1].uppercased()
        }
        return "the command \(name): grant it with ACL SETUSER … +\(name.lowercased())"
    }
}
