import Foundation
import Sandbox
import Testing

/// A run tells people: over a real webhook and by mail, and whatever comes of it, the exit code is the run's.
@Suite struct NoticeTests {
    private struct Estate {
        let folder: URL
        let chat: StandInServer
        let mail: MailServer
        let watchdog: StandInServer
        var environment: [String: String] {
            [
                "CHAT": chat.url("/services/T0/B0/s3cr3t-s3cr3t"), "WATCHDOG": watchdog.url("/ping/0123456789ab"),
                "MAIL_PORT": String(mail.port),
            ]
        }
        var store: String { "sqlite:\(folder.path)/journal.sqlite" }

        /// `condition` decides how the only check ends.
        func plan(_ condition: String) throws -> String {
            let plan = """
                service: one-machine
                notices: [{ on: [fail, unknown, missed, recovered], to: [chat, mail] }]
                procedures:
                  daily:
                    schedule: daily 09:00
                    heartbeat: watchdog
                    steps:
                      - check: disk.usage
                        with: { mounts: [/] }
                        warn: used_percent > 101%
                        fail: \(condition)
                """
            let estate = """
                people: { ann: { mail: ann@example.com }, bob: { mail: ops@example.com } }
                groups: { all: [bob, ann] }
                channels:
                  chat: { webhook: { url: "${env:CHAT}", shape: slack } }
                  mail:
                    mail:
                      server: "127.0.0.1:${env:MAIL_PORT}"
                      tls: none
                      from: millwright@example.com
                      to: [ops@example.com, all]
                  watchdog: { heartbeat: "${env:WATCHDOG}" }
                """
            try estate.write(to: folder.appending(path: "estate.yaml"), atomically: true, encoding: .utf8)
            let path = folder.appending(path: "plan.yaml")
            try plan.write(to: path, atomically: true, encoding: .utf8)
            return path.path
        }

        func run(_ condition: String) async throws -> CommandLine.Outcome {
            try await CommandLine.run(
                "run", try plan(condition), "daily", "--store", store, "--format", "json", environment: environment)
        }
    }

    private func withEstate(_ body: (Estate) async throws -> Void) async throws {
        try await withFolder { folder in
            let estate = Estate(
                folder: folder, chat: try StandInServer(), mail: try await MailServer.start(),
                watchdog: try StandInServer())
            estate.chat.otherwise { _ in Answer(body: "ok") }
            estate.watchdog.otherwise { _ in Answer(body: "OK") }
            try await body(estate)
            await estate.mail.stop()
        }
    }

    private static let (pass, fail) = ("used_percent > 101%", "used_percent >= 0%")

    @Test func aFailureIsToldAndThenARecovery() async throws {
        try await withEstate { estate in
            let failed = try await estate.run(Self.fail)
            #expect(failed.exit == 2, "\(failed.errors)")
            #expect(estate.chat.requests.count == 1 && estate.mail.messages.count == 1)
            #expect(estate.watchdog.requests.isEmpty)
            let body = String(decoding: estate.chat.requests[0].body, as: UTF8.self)
            #expect(body.contains("fail: one-machine daily"))
            #expect(estate.mail.messages[0].text.contains("Subject: fail: one-machine daily"))
            #expect(estate.mail.messages[0].recipients == ["ops@example.com", "ann@example.com"])
            #expect(failed.output.contains(#""state" : "delivered""#) && !failed.output.contains("s3cr3t"))

            let passed = try await estate.run(Self.pass)
            #expect(passed.exit == 0, "\(passed.errors)")
            #expect(estate.chat.requests.count == 2 && estate.watchdog.requests.count == 1)
            #expect(String(decoding: estate.chat.requests[1].body, as: UTF8.self).contains("recovered: one-machine"))
            let again = try await estate.run(Self.pass)
            #expect(again.exit == 0 && estate.chat.requests.count == 2 && estate.watchdog.requests.count == 2)
        }
    }

    @Test func whatCameOfADeliveryIsShownAndChangesNoExitCode() async throws {
        try await withEstate { estate in
            estate.chat.otherwise { _ in Answer(status: 404, body: "no_service") }
            estate.mail.on("RCPT") { $0.contains("ann") ? .say(["550 5.1.1 No such user"]) : nil }
            let failed = try await estate.run(Self.fail)
            #expect(failed.exit == 2, "\(failed.errors)")
            let document = try JSONSerialization.jsonObject(with: Data(failed.output.utf8)) as? [String: Any]
            let id = try #require(document?["run"] as? String)
            let shown = try await CommandLine.run("show", id, "--store", estate.store)
            #expect(shown.output.contains("told fail to chat: failed"), "\(shown.output)")
            #expect(shown.output.contains("404 no_service"))
            #expect(shown.output.contains("told fail to mail: partly: 250"))
            #expect(shown.output.contains("refused: ann@example.com: 550 5.1.1 No such user"))
            for format in ["md", "html"] {
                let report = try await CommandLine.run("report", id, "--store", estate.store, "--format", format)
                #expect(
                    report.output.contains("perhaps sent") == false && report.output.contains("no\\_service")
                        || report.output.contains("no_service"))
            }
        }
    }

    @Test func aLostReceiptIsUnknown() async throws {
        try await withEstate { estate in
            estate.mail.on(".") { _ in .keepAndHangUp }
            let failed = try await estate.run(Self.fail)
            #expect(failed.exit == 2)
            #expect(failed.output.contains("perhaps-sent"), "\(failed.output)")
            #expect(estate.mail.messages.count == 1)
        }
    }

    @Test func aChannelCanBeTried() async throws {
        try await withEstate { estate in
            let plan = try estate.plan(Self.pass)
            func notify(_ channel: String) async throws -> CommandLine.Outcome {
                try await CommandLine.run(
                    "notify", plan, channel, "--text", "Hello <!channel>", environment: estate.environment)
            }
            let chat = try await notify("chat")
            #expect(chat.exit == 0 && chat.output.contains("delivered: 200 ok"), "\(chat.output)\(chat.errors)")
            let body = String(decoding: estate.chat.requests.first?.body ?? [], as: UTF8.self)
            #expect(body.contains("Hello &lt;!channel&gt;"))
            let mail = try await notify("mail")
            #expect(mail.exit == 0 && mail.output.contains("delivered: 250 2.0.0 Ok"), "\(mail.output)\(mail.errors)")
            #expect(try await notify("watchdog").exit == 64)
            #expect(estate.watchdog.requests.isEmpty)
            let unknown = try await notify("chatt")
            #expect(unknown.exit == 64 && unknown.errors.contains("Did you mean `chat`?"), "\(unknown.errors)")
            var nowhere = estate.environment
            nowhere["CHAT"] = "http://127.0.0.1:1/services/T0/B0/s3cr3t-s3cr3t"
            let refused = try await CommandLine.run("notify", plan, "chat", environment: nowhere)
            #expect(refused.exit == 2 && refused.output.contains("not sent"), "\(refused.output)")
            #expect(!refused.output.contains("s3cr3t"))
        }
    }
}
