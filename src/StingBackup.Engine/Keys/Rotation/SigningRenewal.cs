using System.Security.Cryptography;
using StingBackup.Engine.Cryptography;

namespace StingBackup.Engine.Keys;

/// <summary>
/// Puts a new signing key of the key role in the place of the one in force: <c>reserve.key</c> gets it beside the old one → the format object says that the old one hands over to it, so that
/// whoever trusts the old one can check what the new one signs → <c>reserve.pub</c> names it, from which moment on it signs → <c>reserve.key</c> lets go of the old one. A renewal that died is ended
/// by the next one, which makes no further key. The caller holds the key directory's lock.
/// </summary>
internal sealed class SigningRenewal(KeyEnvironment environment, KeyOptions options, SignedCopies copies)
{
    private readonly IKeyFiles _files = environment.Files;
    private readonly string _keyPath = Path.Combine(options.KeyDirectory, PrivateHalfFile.FileName);
    private readonly string _publicPath = Path.Combine(options.KeyDirectory, PublicHalf.FileName);

    /// <summary>Begins, or ends what was begun.</summary>
    /// <param name="role">The key role as the files hold it now; its keys are changed.</param>
    /// <param name="secret">What opens the key file: its passphrase, or its file key; null for an open one.</param>
    /// <param name="publishAsync">Puts the copies of what the key role signed into the repository; told what may be trusted then.</param>
    /// <param name="cancel">Stops it before the new key signs; a further call goes on.</param>
    public async ValueTask<KeyRoleChain> RunAsync(KeyRole role, SecretBytes? secret, Func<KeyRoleChain, ValueTask> publishAsync, CancellationToken cancel)
    {
        var (half, now) = (role.Keys, role.Public);
        if (!half.HasSucceeded)
        {
            if (half.NextKeyRole is null)
            {
                half.AddKeyRole();
                Write(_keyPath, PrivateHalfFile.Reseal(_files.Read(_keyPath)!, _keyPath, half, secret, environment.Random));
            }
            var next = half.NextKeyRole!;
            var format = new FormatRenewal(_files, copies);
            var begun = KeyRoleChain.TryRead(format.Newest(now.Chain, now.ReserveId)?.Handovers ?? [], now.ReserveId);
            var chain = begun is not null && begun.Count == now.Chain.Count + 1 && begun.Current.AsSpan().SequenceEqual(next.PublicKey.Span) && begun.Holds(now.KeyRolePublicKey)
                ? begun : now.Chain.HandOver(half.KeyRole, next, now.ReserveId, environment.NowNs);
            if (!format.Run(now, chain, next))
            {
                throw KeyFrame.Damaged(copies.PathOf(KeyObjectNames.Format(1)), "it is not there, nor in the repository, and no other host would learn of a new signing key");
            }
            await publishAsync(chain).ConfigureAwait(false);
            cancel.ThrowIfCancellationRequested();
            now = now with { KeyRolePublicKey = chain.Current, Handovers = chain.Handovers };
            Write(_publicPath, now.ToBytes(next));
            half.SucceedKeyRole();
        }
        Write(_keyPath, PrivateHalfFile.Reseal(_files.Read(_keyPath)!, _keyPath, half, secret, environment.Random));
        return now.Chain;
    }

    private void Write(string path, byte[] bytes)
    {
        _files.Replace(path, bytes);
        var back = _files.Read(path);
        var same = back.AsSpan().SequenceEqual(bytes);
        CryptographicOperations.ZeroMemory(back);
        CryptographicOperations.ZeroMemory(bytes);
        if (!same)
        {
            throw KeyFrame.Damaged(path, "it does not read back as it was written");
        }
    }
}
