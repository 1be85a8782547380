package cpu

import (
	"testing"

	"github.com/hrmgo/hrm/train"
	"github.com/hrmgo/hrm/train/traintest"
)

func TestGolden(t *testing.T) {
	traintest.Golden(t, func(s train.Spec) (train.Device, error) { return Open(s, Options{}) })
}
