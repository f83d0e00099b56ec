using StingBackup.Engine.Basics;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Governance;

/// <summary>What let a deed pass.</summary>
/// <param name="Request">The request that was approved.</param>
/// <param name="PlanDigest">Digest of the plan.</param>
/// <param name="Approvers">Ids of those who approved it.</param>
/// <param name="Position">The audit record that says so: its chain, number and hash.</param>
public sealed record GuardPass(Id16 Request, Id32 PlanDigest, IReadOnlyList<Id16> Approvers, ChainHead Position);
