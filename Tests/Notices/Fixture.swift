import Foundation
import Host
import Maintenance
import Sandbox

@testable import Notices

enum Sample {
    static let host = Host.system
    static let id = "20261122-020000-7f3a9c.ops-chat"
    /// What a finding may hold when somebody means harm, or a server is strange.
    static let nasty =
        "<!channel> <@U1> @here &amp; <script>alert(1)</script>\r\nBcc: eve@example.com\n.\n*x* `y` \u{202E}back"

    static func context(_ seconds: Int = 10) -> Context {
        Context(
            host: host, deadline: host.steady() + .seconds(seconds), label: WorkLabel(run: "r1", step: "delivery"))
    }

    static func notice(_ event: NoticeEvent = .fail, points: Int = 2, text: String = nasty) -> Notice {
        var counts = Notice.Counts()
        counts.pass = 9
        counts.fail = points
        return Notice(
            event: event, service: "shop", environment: "default", procedure: "daily", run: "20261122-020000-7f3a9c",
            verdict: Verdict(rawValue: event.rawValue) ?? .fail, counts: counts,
            points: (0..<points).map {
                Notice.Point(step: "step-\($0)", severity: .fail, subject: text, sentence: text, advice: "Mend it.")
            }, hint: "millwright show 20261122-020000-7f3a9c", startedAt: Instant(secondsSinceEpoch: 1_795_312_800),
            at: Instant(secondsSinceEpoch: 1_795_312_807))
    }

    static func channel(_ kind: String, _ settings: [String: PlanValue]) throws -> any ChannelKind {
        let definition = NoticeChannels.all.first { $0.name == kind }
        guard let definition else { throw CouldNotLook(.notFound, kind) }
        do {
            return try definition.channel(from: .map(settings.map { .init($0.key, $0.value) }))
        } catch { throw CouldNotLook(.malformed, error.errors.map(\.message).joined(separator: "; ")) }
    }

    static func failure(_ body: () async throws -> DeliveryReceipt) async throws -> DeliveryError? {
        do {
            _ = try await body()
            return nil
        } catch let error as DeliveryError { return error }
    }
}
