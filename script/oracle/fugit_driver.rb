# Reads cases from standard input, writes what fugit makes of each; the form is that of peer.py.
require 'fugit'

$stdin.each_line do |line|
  number, zone, start, last, count, expression = line.chomp.split("\t")
  found = []
  ending = nil
  begin
    cron = Fugit.do_parse_cron("#{expression} #{zone}")
    at = EtOrbi::EoTime.new(start.to_i, 'UTC')
    until ending
      at = cron.next_time(at)
      if at.to_i > last.to_i
        ending = 'until'
      else
        found << at.to_i
        ending = 'count' if found.size == count.to_i
      end
    end
  rescue StandardError => e
    ending = e.message.start_with?('too many loops') ? 'none' : "error #{e.message.split.join(' ')}"
  end
  puts "#{number}\t#{found.join(' ')}\t#{ending}"
end
