namespace StingBackup.Engine.Backup;

/// <summary>A block of a long file, cut, that any worker may hash, compress and store.</summary>
/// <param name="Run">Does it.</param>
internal sealed record BlockWork(Action<ReadWorker> Run);
