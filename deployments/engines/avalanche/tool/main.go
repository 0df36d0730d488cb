// lading-avalanche: keys, genesis and P-chain transactions of a consortium's Avalanche network.
//
// One verb a run: a JSON object on standard input, a JSON object on standard output, the reason of a refusal on
// standard error with exit code 1. It stores nothing but the staking keys that "keys" makes, and a private key
// that it is given to sign with is forgotten with the process.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"
)

const patience = 60 * time.Second

type verb func(ctx context.Context, request []byte) (any, error)

var verbs = map[string]verb{
	"keys":     taking(makeKeys),
	"identity": taking(readIdentity),
	"address":  taking(addressOf),
	"genesis":  taking(primaryGenesis),
	"upgrades": taking(upgradeFile),
	"treasury": taking(fundTreasury),
	"build":    taking(build),
	"sign":     taking(sign),
	"show":     taking(show),
	"issue":    taking(issue),
}

// taking reads a verb's request strictly: a field that it does not know is refused.
func taking[Request any](answer func(context.Context, Request) (any, error)) verb {
	return func(ctx context.Context, given []byte) (any, error) {
		var request Request
		reader := json.NewDecoder(bytes.NewReader(given))
		reader.DisallowUnknownFields()
		if err := reader.Decode(&request); err != nil {
			return nil, fmt.Errorf("the request: %w", err)
		}
		return answer(ctx, request)
	}
}

func run(arguments []string) error {
	if len(arguments) != 2 || verbs[arguments[1]] == nil {
		return fmt.Errorf("use: lading-avalanche VERB < REQUEST")
	}
	given, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	told, err := verbs[arguments[1]](ctx, given)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(told)
}

func main() {
	if err := run(os.Args); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
