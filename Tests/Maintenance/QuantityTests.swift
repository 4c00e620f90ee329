import Maintenance
import Testing

@Suite struct QuantityTests {
    static let read: [(text: String, value: Double, kind: Quantity.Kind)] = [
        ("5", 5, .number), ("-5", -5, .number), ("+5.25", 5.25, .number), (".5", 0.5, .number),
        ("2 million", 2e6, .number),
        ("2.3 million", 2_300_000, .number), ("10k", 10_000, .number), ("3M", 3e6, .number),
        ("1 billion", 1e9, .number),
        ("1,000", 1000, .number), ("1_000_000", 1e6, .number), ("12 345", 12_345, .number),
        ("1,234.5", 1234.5, .number),
        ("15%", 0.15, .share), ("57 %", 0.57, .share), ("0.5 percent", 0.005, .share), ("1s", 1, .time),
        ("250ms", 0.25, .time), ("250 MS", 0.25, .time), ("5m", 300, .time), ("5 min", 300, .time),
        ("1.5h", 5400, .time),
        ("30 days", 2_592_000, .time), ("2 Weeks", 1_209_600, .time), ("512 MiB", 536_870_912, .bytes),
        ("1.5 GiB", 1_610_612_736, .bytes), ("1 kB", 1000, .bytes), ("2 TB", 2e12, .bytes), ("7 bytes", 7, .bytes),
        ("1 GiB/d", 1_073_741_824, .growth), ("3 %/d", 3, .relativeGrowth),
    ]

    @Test(arguments: read)
    func aNumberWithItsUnit(text: String, value: Double, kind: Quantity.Kind) throws {
        let quantity = try #require(Quantity(text))
        #expect(quantity.value == value)
        #expect(quantity.kind == kind)
    }

    /// Above all: no number is read for another. `1,5` was 15 once.
    @Test(arguments: [
        "", " ", "-", ".", "%", "five", "1,5", "1,5 GiB", "1.5.2", "1,00", "1000,000", "1,000_000", ",100", "1 5",
        "5 000 00",
        "5-3", "--5", "1e3", "0x10", "inf", "nan", "٣", "½", "5 apples", "5 m s", "5 mib", "5 Mb", "1 000.000 000",
        "5;5",
        "1_", "_1",
    ])
    func whatIsNoQuantity(text: String) { #expect(Quantity(text) == nil) }

    @Test func typesTakeOnlyTheirKind() throws {
        #expect(try Int.read(.text("2 million")) == 2_000_000)
        #expect(try Duration.read(.text("1.5h")) == .seconds(5400))
        #expect(try ByteCount.read(.text("512 MiB")).bytes == 536_870_912)
        #expect(try ByteCount.read(.text("10")).bytes == 10)
        #expect(try Share.read(.text("7%")).written == "7%")
        #expect(try Share.read(.text("57%")).value == 0.57)
        #expect(try Age.read(.text("2 years")) == Age(2, .year))
        #expect(try Age.read(.text("1 day")).written == "1 day")
        #expect(throws: ValueError.self) { try Int.read(.text("1.5")) }
        #expect(throws: ValueError.self) { try Int.read(.text("5s")) }
        #expect(throws: ValueError.self) { try Int.read(.text("9223372036854775808")) }
        #expect(throws: ValueError.self) { try Duration.read(.text("5")) }
        #expect(throws: ValueError.self) { try Duration.read(.text("-5s")) }
        #expect(throws: ValueError.self) { try Duration.read(.text("99999999999 days")) }
        #expect(throws: ValueError.self) { try ByteCount.read(.text("-1")) }
        #expect(throws: ValueError.self) { try ByteCount.read(.text("5s")) }
        #expect(throws: ValueError.self) { try Share.read(.text("0.15")) }
        #expect(throws: ValueError.self) { try Share.read(.text("-5%")) }
        for text in ["0 days", "-1 day", "2 fortnights", "years", "2", "100000 days", "1.5 years"] {
            #expect(throws: ValueError.self) { try Age.read(.text(text)) }
        }
    }

    @Test func everyValueIsWrittenAsItCanBeRead() throws {
        for duration: Duration in [.zero, .milliseconds(250), .seconds(90), .seconds(3600), .seconds(172_800)] {
            #expect(try Duration.read(.text(duration.written)) == duration)
        }
        for percent in 0...100 {
            let share = Share(percent: Double(percent))
            #expect(share.written == "\(percent)%")
            #expect(try Share.read(.text(share.written)) == share)
        }
        #expect(try Double.read(.text((0.1).written)) == 0.1)
        #expect(ByteCount(1536).written == "1.5 KiB")
        #expect(ByteCount.text(-1_073_741_824) == "-1 GiB")
    }
}
