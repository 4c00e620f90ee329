import Host
import Testing

@testable import Maintenance

/// What channels are given, and the little that they share.
@Suite struct NoticeTests {
    /// RFC 4231, test case 2.
    @Test func aSignatureIsTheStandards() {
        let code = hmacSHA256Base64(key: Array("Jefe".utf8), Array("what do ya want for nothing?".utf8))
        #expect(code == "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=")
    }

    @Test func aNoticeIsBounded() throws {
        let long = String(repeating: "e\u{301}\u{302}\u{303}", count: 100_000)
        let point = Notice.Point(step: "a", severity: .fail, subject: long, sentence: long, advice: long)
        #expect(point.subject.count <= Limits.noticeSubject && point.sentence.count <= Limits.noticeSentence)
        #expect(try encodeJSON(point).count < 16_000)
        // One character of a million scalars.
        let tower = "e" + String(repeating: "\u{301}", count: 100_000)
        #expect(
            Notice.Point(step: "a", severity: .fail, subject: tower, sentence: "").subject.unicodeScalars.count < 1000)
    }

    @Test func aReceiptIsBounded() {
        let receipt = DeliveryReceipt(String(repeating: "x", count: 9000), refused: Array(repeating: "y", count: 900))
        #expect(receipt.text.count <= Limits.receipt && receipt.refused.count <= Limits.refusedRecipients)
    }

    @Test func theWordsOfAPlanAreTheEventsButForTheTest() throws {
        for event in NoticeEvent.allCases { #expect(try NoticeEvent.read(.text(event.rawValue)) == event) }
        #expect(throws: ValueError.self) { try NoticeEvent.read(.text("test")) }
        do { _ = try NoticeEvent.read(.text("recoverd")) } catch {
            #expect(error.message.hasSuffix("did you mean `recovered`?"))
        }
    }

    @Test func outcomesComeBackFromTheRecord() throws {
        for outcome in [
            DeliveryOutcome.delivered(DeliveryReceipt("250 Ok", refused: ["a"])),
            .failed(Cause(.refused, "No."), mayRetry: true, after: .seconds(7)), .perhapsSent(Cause(.perhapsSent, "?")),
        ] { #expect(try decodeJSON(DeliveryOutcome.self, try encodeJSON(outcome)) == outcome) }
    }
}
