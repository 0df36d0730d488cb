// plugin: subnet-evm as a plugin of avalanchego, where open files are few.
//
// Upstream's own main sets its limit of open files to 32,768 and ends where the hard limit is lower. This one
// leaves the limit as avalanchego, which starts it, has been given it.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/ava-labs/avalanchego/vms/rpcchainvm"

	"github.com/ava-labs/subnet-evm/plugin/evm"
)

func main() {
	evm.RegisterAllLibEVMExtras()
	if len(os.Args) > 1 {
		fmt.Println(evm.Version)
		return
	}
	if err := rpcchainvm.Serve(context.Background(), &evm.VM{}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
