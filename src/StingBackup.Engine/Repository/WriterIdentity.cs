using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;

namespace StingBackup.Engine.Repository;

/// <summary>What a run writes as.</summary>
/// <param name="Reserve">The reserve.</param>
/// <param name="Writer">The host's writer.</param>
/// <param name="Sequence">The run's number.</param>
/// <param name="Signer">The host's signing key.</param>
public sealed record WriterIdentity(Id16 Reserve, Id16 Writer, long Sequence, ISigner Signer);
