import Foundation
import Synchronization

/// Who is told of STEAMTRAP's runs: a chat, a mailbox and a watchdog, each of which keeps what came.
public struct SteamTrapReceivers: Sendable {
    public static let chat = "/services/T000/B000/sandbox-webhook"
    public static let watchdog = "/ping/sandbox-heartbeat"

    public let web: StandInServer
    public let mail: MailServer

    static func start(certificate: IssuedCertificate) async throws -> SteamTrapReceivers {
        let web = try StandInServer()
        web.on(chat, Answer(body: "ok"))
        web.on(watchdog, Answer(body: "OK"))
        let mail = try await MailServer.start(
            .startTLS, certificate: certificate, credentials: ("millwright", "sandbox-mail-password"))
        return SteamTrapReceivers(web: web, mail: mail)
    }

    func stop() async {
        web.stop()
        await mail.stop()
    }

    /// What came so far, for a person.
    public var summary: [String] {
        let requests = web.requests.map(\.path)
        return [
            "chat: \(requests.count { $0 == Self.chat }) notices, watchdog: \(requests.count { $0 == Self.watchdog }) pings, "
                + "mailbox: \(mail.messages.count) mails"
        ]
    }
}
