// What Benchmarks/Sources/schedules measures, by robfig/cron.
package main

import (
	"fmt"
	"runtime"
	"time"

	"github.com/robfig/cron"
)

func rate(work func()) int {
	begun := time.Now()
	for count := 1; ; count++ {
		work()
		if count%1000 == 0 && time.Since(begun) > 500*time.Millisecond {
			return int(float64(count) / time.Since(begun).Seconds())
		}
	}
}

func main() {
	runtime.GOMAXPROCS(1)
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		panic(err)
	}
	start := time.Unix(1_700_000_000, 0).In(zone)
	for _, schedule := range [][2]string{
		{"every 5 minutes", "*/5 * * * *"}, {"a time of the day", "30 2 * * *"}, {"29 February or Sundays", "0 0 29 2 SUN"},
	} {
		search, err := cron.ParseStandard(schedule[1])
		if err != nil {
			panic(err)
		}
		at := start
		fmt.Printf("%s\t%d\n", schedule[0], rate(func() {
			at = search.Next(at)
			if at.IsZero() || at.Year() > 2199 {
				at = start
			}
		}))
	}
	var texts []string
	for i := 0; i < 1440; i++ {
		texts = append(texts, fmt.Sprintf("%d %d * * 1-5", i%60, i/60))
	}
	place := 0
	fmt.Printf("read and first\t%d\n", rate(func() {
		place = (place + 1) % len(texts)
		search, err := cron.ParseStandard(texts[place])
		if err != nil {
			panic(err)
		}
		search.Next(start)
	}))
}
