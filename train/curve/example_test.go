package curve_test

import (
	"fmt"
	"strings"

	"github.com/hrmgo/hrm/train/curve"
)

// Read the metrics of a run, and draw them.
func Example() {
	lines := `{"kind":"train","step":10,"seconds":1,"loss":2.5,"lm_loss":2.2,"q_halt_loss":0.6}
{"kind":"train","step":20,"seconds":2,"loss":1.9,"lm_loss":1.7,"q_halt_loss":0.4}
`
	records, err := curve.Read(strings.NewReader(lines))
	if err != nil {
		fmt.Println(err)
		return
	}
	var svg strings.Builder
	err = curve.Draw(&svg, "svg", "a run", curve.Steps, []curve.Run{{Name: "run", Records: records}})
	fmt.Println(len(records), err, strings.Contains(svg.String(), "</svg>"))
	// Output: 2 <nil> true
}
