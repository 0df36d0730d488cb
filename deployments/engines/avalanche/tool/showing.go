package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"github.com/ava-labs/avalanchego/ids"
	"github.com/ava-labs/avalanchego/utils/constants"
	"github.com/ava-labs/avalanchego/utils/crypto/secp256k1"
	"github.com/ava-labs/avalanchego/vms/platformvm/fx"
	"github.com/ava-labs/avalanchego/vms/platformvm/txs"
	"github.com/ava-labs/avalanchego/vms/secp256k1fx"
)

// Written is a transaction as a file carries it; Says is read from the bytes, for whoever is asked to sign.
type Written struct {
	Transaction string         `json:"transaction"`
	ID          string         `json:"id"`
	Signatures  int            `json:"signatures"`
	Needed      int            `json:"needed"`
	Says        map[string]any `json:"says"`
}

type showRequest struct {
	Transactions []string `json:"transactions"`
}

func show(_ context.Context, request showRequest) (any, error) {
	made, err := readTxs(request.Transactions)
	if err != nil {
		return nil, err
	}
	return written(made)
}

func written(made []*txs.Tx) (any, error) {
	told := make([]Written, 0, len(made))
	for _, tx := range made {
		if err := tx.Initialize(txs.Codec); err != nil {
			return nil, err
		}
		given, needed := signatures(tx)
		told = append(told, Written{
			Transaction: hex.EncodeToString(tx.Bytes()), ID: tx.ID().String(),
			Signatures: given, Needed: needed, Says: says(tx),
		})
	}
	return map[string][]Written{"transactions": told}, nil
}

// signatures counts the places of signatures, and those that are filled.
func signatures(tx *txs.Tx) (given, needed int) {
	for _, credential := range tx.Creds {
		own, ok := credential.(*secp256k1fx.Credential)
		if !ok {
			continue
		}
		for _, signature := range own.Sigs {
			needed++
			if signature != [secp256k1.SignatureLen]byte{} {
				given++
			}
		}
	}
	return given, needed
}

func says(tx *txs.Tx) map[string]any {
	switch u := tx.Unsigned.(type) {
	case *txs.CreateSubnetTx:
		return map[string]any{"kind": "subnet", "owner": owner(u.Owner)}
	case *txs.CreateChainTx:
		digest := sha256.Sum256(u.GenesisData)
		return map[string]any{
			"kind": "chain", "subnet": u.SubnetID.String(), "vm": u.VMID.String(),
			"genesis_sha256": hex.EncodeToString(digest[:]),
		}
	case *txs.AddSubnetValidatorTx:
		return map[string]any{
			"kind": "validator", "subnet": u.SubnetValidator.Subnet.String(),
			"node_id": u.SubnetValidator.NodeID.String(), "weight": u.SubnetValidator.Wght,
			"end": u.SubnetValidator.End,
		}
	case *txs.AddPermissionlessValidatorTx:
		return map[string]any{
			"kind": "stake", "node_id": u.Validator.NodeID.String(), "navax": u.Validator.Wght,
			"end": u.Validator.End, "primary": u.Subnet == constants.PrimaryNetworkID,
		}
	case *txs.RemoveSubnetValidatorTx:
		return map[string]any{"kind": "remove", "subnet": u.Subnet.String(), "node_id": u.NodeID.String()}
	case *txs.TransferSubnetOwnershipTx:
		return map[string]any{"kind": "council", "subnet": u.Subnet.String(), "owner": owner(u.Owner)}
	}
	return map[string]any{"kind": "other"}
}

func owner(given fx.Owner) map[string]any {
	own, ok := given.(*secp256k1fx.OutputOwners)
	if !ok {
		return nil
	}
	keys := make([]string, 0, len(own.Addrs))
	for _, key := range own.Addrs {
		keys = append(keys, hex.EncodeToString(key.Bytes()))
	}
	return map[string]any{"threshold": own.Threshold, "keys": keys}
}

// subnetOf tells whose owner has to sign beside the treasury's; empty: nobody's.
func subnetOf(tx *txs.Tx) ids.ID {
	switch u := tx.Unsigned.(type) {
	case *txs.AddSubnetValidatorTx:
		return u.SubnetValidator.Subnet
	case *txs.RemoveSubnetValidatorTx:
		return u.Subnet
	case *txs.CreateChainTx:
		return u.SubnetID
	case *txs.TransferSubnetOwnershipTx:
		return u.Subnet
	}
	return ids.Empty
}
