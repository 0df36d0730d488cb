package main

import (
	"context"
	"fmt"

	"github.com/ava-labs/avalanchego/vms/components/avax"
	"github.com/ava-labs/avalanchego/vms/secp256k1fx"
	"github.com/ava-labs/avalanchego/wallet/subnet/primary"
	"github.com/ava-labs/avalanchego/wallet/subnet/primary/common"
)

// feeRoom, in nAVAX, is more than the fee of one transaction; what is left of it goes to the council too.
const feeRoom = 10_000_000

type treasuryRequest struct {
	URI        string `json:"uri"`
	PrivateKey string `json:"private_key"` // of the founding key, hex
	Council    Owner  `json:"council"`
	Parts      uint64 `json:"parts"` // outputs of equal size, so that transactions need not wait for each other
}

// fundTreasury moves everything that the founding key has to the council's k of n.
func fundTreasury(ctx context.Context, request treasuryRequest) (any, error) {
	key, err := readKey(request.PrivateKey)
	if err != nil {
		return nil, err
	}
	council, err := request.Council.read()
	if err != nil {
		return nil, err
	}
	wallet, err := primary.MakePWallet(ctx, request.URI, secp256k1fx.NewKeychain(key), primary.WalletConfig{})
	if err != nil {
		return nil, err
	}
	balance, err := wallet.Builder().GetBalance()
	if err != nil {
		return nil, err
	}
	asset := wallet.Builder().Context().AVAXAssetID
	if balance[asset] <= feeRoom || request.Parts == 0 {
		return nil, fmt.Errorf("the founding key has nothing left to move")
	}
	var outputs []*avax.TransferableOutput
	for range request.Parts {
		outputs = append(outputs, &avax.TransferableOutput{
			Asset: avax.Asset{ID: asset},
			Out: &secp256k1fx.TransferOutput{
				Amt: (balance[asset] - feeRoom) / request.Parts, OutputOwners: *council,
			},
		})
	}
	tx, err := wallet.IssueBaseTx(outputs, common.WithChangeOwner(council))
	if err != nil {
		return nil, err
	}
	return map[string]string{"id": tx.ID().String()}, nil
}
