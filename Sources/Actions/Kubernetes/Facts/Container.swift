import Host
import Maintenance

/// What a container's status says.
struct Container: Sendable {
    let name: String
    let isInit: Bool
    let isReady: Bool
    let isStarted: Bool
    let restarts: Int
    let image: String
    let waiting: Waiting?
    /// Its end, where it has ended and was not begun again yet.
    let ended: Ending?
    /// The end before the present life.
    let lastEnded: Ending?

    struct Waiting: Sendable {
        let reason: String
        let message: String
    }

    struct Ending: Sendable {
        let exitCode: Int
        let reason: String
        let at: Instant?

        init?(_ status: JSONValue?) {
            guard let status, let exitCode = status.integer("exitCode") else { return nil }
            self.exitCode = exitCode
            reason = status.text("reason") ?? ""
            at = status.instant("finishedAt")
        }

        var isFailure: Bool { exitCode != 0 }

        /// `exit 137 (OOMKilled)`.
        var text: String {
            ["", "Error", "Completed"].contains(reason) ? "exit \(exitCode)" : "exit \(exitCode) (\(shown(reason)))"
        }
    }

    init(_ status: JSONValue, isInit: Bool) {
        name = status.text("name") ?? "?"
        self.isInit = isInit
        isReady = status.flag("ready")
        isStarted = status.at("state", "running") != nil
        restarts = status.integer("restartCount") ?? 0
        image = status.text("image") ?? ""
        waiting = status.at("state", "waiting").map {
            Waiting(reason: $0.text("reason") ?? "", message: $0.text("message") ?? "")
        }
        ended = Ending(status.at("state", "terminated"))
        lastEnded = Ending(status.at("lastState", "terminated"))
    }

    var title: String { isInit ? "init container \(name)" : "container \(name)" }
}
