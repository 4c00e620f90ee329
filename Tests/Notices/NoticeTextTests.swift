import Foundation
import Host
import Maintenance
import Testing

@testable import ClientSMTP
@testable import Notices

/// What a notice says in each channel's markup: nothing that a target said becomes a command, a mention or markup.
@Suite struct NoticeTextTests {
    private func slack(_ notice: Notice) throws -> (text: String, json: JSONValue) {
        let json = SlackMessage.json(notice)
        return (String(decoding: try encodeJSON(json), as: UTF8.self), json)
    }

    @Test func slackCallsNobody() throws {
        let (text, json) = try slack(Sample.notice())
        for sign in ["<!", "<@", "<script", "</"] { #expect(!text.contains(sign), "\(sign)") }
        #expect(text.contains("&lt;!channel&gt;") && text.contains("&amp;amp;"))
        #expect(json["link_names"] == false)
        let blocks = try #require(json["blocks"])
        guard case .list(let items) = blocks else { return }
        for block in items {
            for part in [block["text"], block["elements"]?["0"]].compactMap({ $0 })
            where part["type"]?.asText == "mrkdwn" {
                #expect(part["verbatim"] == true)
            }
        }
        #expect(items.first?["text"]?["text"]?.asText == "fail: shop daily: 9 pass, 2 fail")
    }

    @Test func slackTakesIt() throws {
        let long = String(repeating: "&<>é", count: 2000)
        var notice = Sample.notice(points: 10, text: long)
        notice.service = String(repeating: "s", count: 400)
        notice.text = long
        let json = SlackMessage.json(notice)
        guard case .list(let blocks)? = json["blocks"] else {
            Issue.record("no blocks")
            return
        }
        #expect(blocks.count <= 50)
        for block in blocks {
            let text = block["text"]?["text"]?.asText ?? block["elements"]?["0"]?["text"]?.asText ?? ""
            #expect(!text.isEmpty && text.unicodeScalars.count <= (block["type"] == "header" ? 150 : 3000))
            // A cut parts no escape.
            #expect(
                text.replacing("&amp;", with: "").replacing("&lt;", with: "").replacing("&gt;", with: "").contains("&")
                    == false)
        }
        #expect(try encodeJSON(json).count < 60_000)
    }

    @Test func theGenericFormIsStable() throws {
        var notice = Sample.notice(points: 1, text: "x")
        notice.missed = MissedOccurrences(
            schedule: "daily 09:00", count: 2, isAtLeast: false, latest: [Instant(secondsSinceEpoch: 1_795_251_600)])
        let bytes = try encodeJSON(GenericMessage(notice, id: Sample.id))
        let json = try decodeJSON(JSONValue.self, bytes)
        #expect(json["schemaVersion"] == 1)
        #expect(json["id"]?.asText == Sample.id)
        for key in [
            "event", "service", "environment", "procedure", "run", "verdict", "counts", "title", "findings",
            "moreFindings",
            "missed", "leftSteps", "hint", "startedAt", "at",
        ] { #expect(json[key] != nil, "\(key)") }
        #expect(json["findings"]?["0"]?["severity"]?.asText == "fail")
        #expect(json["missed"]?["latest"]?["0"]?.asText == "2026-11-21T09:00:00Z")
    }

    @Test func aMailIsOneMessageWhateverWasFound() throws {
        var notice = Sample.notice()
        notice.service = "shop\r\nBcc: eve@example.com"
        let channel = try #require(
            try Sample.channel(
                "mail",
                ["server": .text("smtp.example.com"), "from": .text("m@example.com"), "to": .text("o@example.com")])
                as? MailChannel)
        let message = try channel.message(notice, id: Sample.id)
        let text = String(decoding: message.bytes, as: UTF8.self)
        let head = text.components(separatedBy: "\r\n\r\n")[0].components(separatedBy: "\r\n")
        #expect(!head.contains { $0.hasPrefix("Bcc") })
        #expect(head.contains("Subject: fail: shop Bcc: eve@example.com daily: 9 pass, 2 fail"))
        let page = MailPage(notice)
        #expect(!page.html.contains("<script") && page.html.contains("&lt;script&gt;"))
        #expect(!page.text.contains("\u{202E}") && !page.html.contains("\u{202E}"))
        #expect(!page.text.components(separatedBy: "\n").contains { $0 == "." || $0.hasPrefix("Bcc") })
    }

    @Test func everyEventHasItsHeading() {
        var missed = Sample.notice(.missed)
        missed.missed = MissedOccurrences(schedule: "daily 09:00", count: 1000, isAtLeast: true, latest: [])
        missed.leftSteps = ["a", "b"]
        #expect(
            NoticeText(missed).heading
                == "missed: shop daily: at least 1000 occurrences without a run, 2 steps left by the window's end")
        var recovered = Sample.notice(.recovered)
        recovered.environment = "staging"
        #expect(NoticeText(recovered).heading == "recovered: shop daily (staging): 9 pass, 2 fail")
        #expect(NoticeText(Sample.notice(.test)).heading == "test: shop daily")
        #expect(NoticeText(Sample.notice(.unknown)).heading.hasPrefix("unknown: "))
    }
}
