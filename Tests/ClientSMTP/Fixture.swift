import Host
import Maintenance
import Sandbox

@testable import ClientSMTP

/// One certificate authority for the whole suite: making keys takes time.
enum Trust {
    static let shared = Task {
        let root = try await CertificateAuthority.makeRoot()
        return (root: root, server: try await root.leaf(names: ["localhost", "127.0.0.1"]))
    }
}

enum Sample {
    static let host = Host.system

    static func context(_ seconds: Int = 10) -> Context {
        Context(
            host: host, deadline: host.steady() + .seconds(seconds), label: WorkLabel(run: "r1", step: "delivery"))
    }

    static func address(_ text: String) throws -> MailAddress {
        do { return try MailAddress.read(.text(text)) } catch { throw CouldNotLook(.malformed, error.message) }
    }

    static func message(
        to recipients: [String] = ["ops@example.com"], subject: String = "fail: shop daily",
        text: String = "One\nTwo\n",
        html: String = "<p>One</p>", id: String = "20261122-020000-7f3a9c.ops-mail"
    ) throws -> MailMessage {
        MailMessage(
            from: try address("Millwright <millwright@example.com>"), to: try recipients.map(address), subject: subject,
            text: text, html: html, id: id, date: Instant(secondsSinceEpoch: 1_795_312_807))
    }
}
