using StingBackup.Engine.Keys;

namespace StingBackup.Engine.Tests.Keys;

/// <summary>Key files of which a folder may not be looked into, as a user without a right on it has them. Tests run as root, whom no mode keeps out.</summary>
internal sealed class DeniedKeyFiles(IKeyFiles inner, string folder) : IKeyFiles
{
    public byte[]? Read(string path, long offset = 0) => inner.Read(Allowed(path), offset);
    public bool Create(string path, ReadOnlySpan<byte> content) => inner.Create(Allowed(path), content);
    public void Replace(string path, ReadOnlySpan<byte> content) => inner.Replace(Allowed(path), content);
    public void Append(string path, long length, ReadOnlySpan<byte> content) => inner.Append(Allowed(path), length, content);
    public void Rename(string path, string newPath) => inner.Rename(Allowed(path), Allowed(newPath));
    public void Delete(string path) => inner.Delete(Allowed(path));
    public void Destroy(string path) => inner.Destroy(Allowed(path));
    public IReadOnlyList<string>? List(string path) => inner.List(Allowed(path));
    public void MakeFolder(string path) => inner.MakeFolder(Allowed(path));
    public bool IsExposed(string path) => inner.IsExposed(Allowed(path));
    public ValueTask<IDisposable> LockAsync(string path, CancellationToken cancel) => inner.LockAsync(Allowed(path), cancel);

    private string Allowed(string path) => !KeyPlaces.IsWithin(path, folder) ? path
        : throw new StingException("KeyFileUnavailable", FailureKind.PermissionDenied, $"Key file '{path}' could not be opened: permission denied (test)", path, "None.");
}
