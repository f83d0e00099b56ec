namespace StingBackup.Engine.Keys;

/// <summary>
/// The few file operations that everything about keys is made of. Each is durable when it returns; files are readable by their owner alone (0600, folders 0700).
/// Tests wrap it to fail, or to die, between and within steps.
/// </summary>
/// <remarks>Failures are <see cref="StingException"/> <c>KeyFileUnavailable</c>, naming the path.</remarks>
internal interface IKeyFiles
{
    /// <summary>Reads a file from an offset to its end; null when there is no such file.</summary>
    byte[]? Read(string path, long offset = 0);

    /// <summary>Creates a file with all of its content, or not at all. False when it stands there already.</summary>
    bool Create(string path, ReadOnlySpan<byte> content);

    /// <summary>Puts a file in the place of what stands there, if anything; after a crash one or the other is whole.</summary>
    void Replace(string path, ReadOnlySpan<byte> content);

    /// <summary>Cuts an existing file to a length, then adds to it. A crash leaves any part of what was to be added.</summary>
    void Append(string path, long length, ReadOnlySpan<byte> content);

    /// <summary>Gives a file another name within its folder, in one step: never both names, never none.</summary>
    void Rename(string path, string newPath);

    /// <summary>Deletes a file; nothing happens when it is not there.</summary>
    void Delete(string path);

    /// <summary>Makes a file's content unreadable before it is deleted: overwrites it in place with random bytes, synced, then deletes it. Nothing happens when it is not there.</summary>
    void Destroy(string path);

    /// <summary>Names of the files in a folder, sorted; null when there is no such folder.</summary>
    IReadOnlyList<string>? List(string folder);

    /// <summary>Makes a folder and those above it where they are missing.</summary>
    void MakeFolder(string path);

    /// <summary>True when others than its owner may read the file. Always false where the system has no such bits.</summary>
    bool IsExposed(string path);

    /// <summary>Holds a lock against other processes and other holders in this one, until disposed.</summary>
    /// <exception cref="StingException"><c>KeysBusy</c> after ten seconds.</exception>
    ValueTask<IDisposable> LockAsync(string path, CancellationToken cancel);
}
