using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Integrity;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Lifecycle;
using StingBackup.Engine.Operations;

namespace StingBackup.Engine.Tests.Operations;

public sealed class KeyEscrowTests : IAsyncLifetime, IDisposable
{
    private const UnixFileMode Mode600 = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private EscrowSite _site = null!;

    public async Task InitializeAsync() => _site = await EscrowSite.CreateAsync();

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose() => _site.Dispose();

    private static void AssertSame(string expected, string actual)
    {
        var files = Directory.GetFiles(expected, "*", SearchOption.AllDirectories).Order().ToList();
        Assert.Equal(files.Select(f => Path.GetRelativePath(expected, f)), Directory.GetFiles(actual, "*", SearchOption.AllDirectories).Order().Select(f => Path.GetRelativePath(actual, f)));
        Assert.All(files, f => Assert.Equal(File.ReadAllBytes(f), File.ReadAllBytes(Path.Combine(actual, Path.GetRelativePath(expected, f)))));
    }

    [Fact]
    public async Task Everything_of_site_1_is_lost_and_three_of_five_shares_bring_the_reserve_back_and_backups_go_on()
    {
        var made = await _site.ExportAsync();
        var file = _site.Lose();
        Assert.Equal("KeysMissing", (await Assert.ThrowsAsync<StingException>(async () => await _site.OpenAsync(file))).ErrorId);
        using var passphrase = SecretBytes.FromPassphrase("a new passphrase");

        var result = await _site.ImportAsync(file, [made.ShareFiles[4], made.ShareFiles[0], made.ShareFiles[2]], KeyProtection.Passphrase, passphrase);

        Assert.DoesNotContain(result.Warnings, w => !w.Contains("one volume", StringComparison.Ordinal) && !w.Contains("epoch-place", StringComparison.Ordinal));
        Assert.True(result.Records > 0);
        Assert.True(result.SignedCopies >= 4, "format twice, the host, the approver");
        Assert.Contains(result.Refilled, path => path.StartsWith(Path.Combine(result.KeyDirectory, "store"), StringComparison.Ordinal));
        var word = new System.Security.SecureString();
        "a new passphrase".ToList().ForEach(word.AppendChar);
        var options = new InstallationOptions { Clock = _site.Clock, Passphrase = _ => ValueTask.FromResult<System.Security.SecureString?>(word) };
        await using (var reading = await Installation.OpenAsync(_site.Load(file), options, default))
        {
            Assert.Null(reading.Host);
            Assert.Equal(KeyFileProtection.Passphrase, reading.Keys!.Protection);
            AssertSame(_site.Reserve, await _site.RestoreAsync(reading));
            Assert.Contains(await AuditReader.ReadAsync(reading, default), e => e.Command == "Import-StingKeyEscrow" && e.State == AuditState.Sound && e.Subjects.Contains(made.EscrowId));
            // The epoch place of site 1 is gone with it: a new one is made by hand, and the repair fills it.
            Directory.CreateDirectory(Path.Combine(_site["site3"], "epoch-place"));
            await TestInstallation.CompleteAsync<RepairResult>(RepairJob.RunAsync(reading, await RepairJob.PlanAsync(reading, true, default), default), errors: [], output: []);
        }
        await using var again = await Installation.OpenAsync(_site.Load(file), options, default);
        Assert.NotNull(again.Host);
        _site.Write("users/carol/new.txt", "a person whom the lost host never met");
        Assert.Equal(0, (await _site.BackupAsync(again)).Errors);
        AssertSame(_site.Reserve, await _site.RestoreAsync(again));
        Assert.Equal(EscrowState.Current, (await StatusReader.ReadAsync(again, default)).Escrow);
    }

    [Fact]
    public async Task A_restore_works_from_paper_alone_typed_anew_beside_a_replica_an_epoch_place_and_packs()
    {
        var made = await _site.ExportAsync();
        var file = _site.Lose();
        var typed = string.Join('\n', made.ShareFiles.Take(3).SelectMany((f, i) => File.ReadAllLines(f).Where(line => line.StartsWith('S') || (i == 0 && line.StartsWith('E')))).Where(line => line.Length > 3 && char.IsAsciiDigit(line[1])));
        await File.WriteAllTextAsync(_site["typed.txt"], typed.ToLowerInvariant());
        await _site.ImportAsync(file, [_site["typed.txt"]]);
        await using var reading = await _site.OpenAsync(file);
        AssertSame(_site.Reserve, await _site.RestoreAsync(reading));
    }

    [Fact]
    public async Task An_escrow_from_before_an_erasure_opens_nothing_of_the_erased_even_with_an_old_copy_of_the_key_store()
    {
        var made = await _site.ExportAsync();
        var old = _site["old-store"];
        Directory.CreateDirectory(old);
        Directory.GetFiles(Path.Combine(_site.Site2, "store")).ToList().ForEach(f => File.Copy(f, Path.Combine(old, Path.GetFileName(f))));
        Directory.CreateDirectory(Path.Combine(old, "turn"));
        Directory.GetFiles(Path.Combine(_site.Site2, "store", "turn")).ToList().ForEach(f => File.Copy(f, Path.Combine(old, "turn", Path.GetFileName(f))));
        await using (var installation = await _site.OpenAsync())
        {
            var plan = await ErasureJob.PlanAsync(installation, new ErasureRequest(RestoreScope.User, "ada", "GDPR Art. 17", "ticket 12", "dpo"), default);
            await _site.ApprovedAsync(installation, () => ErasureJob.RequestAsync(installation, plan, default));
        }
        _site.Clock.Advance(TimeSpan.FromDays(10));
        await using (var installation = await _site.OpenAsync())
        {
            Assert.Single((await TestInstallation.CompleteAsync<ErasureResult>(ErasureJob.CompleteAsync(installation, "officer", default))).Erasures, e => e.State == ErasureState.Completed);
        }
        Assert.Equal(EscrowState.Current, (await TestAsync(made.ShareFiles)).State);

        var file = _site.Lose();
        await _site.ImportAsync(file, [_site["shares"]]);
        await using (var reading = await _site.OpenAsync(file))
        {
            // This host is not enrolled yet, so that names alone cannot tell it who was erased; whoever she was, there is nothing of her.
            Assert.Contains((await Assert.ThrowsAsync<StingException>(() => _site.RestoreAsync(reading, "ada"))).ErrorId, (string[])["SubjectErased", "SubjectNotInPoint"]);
            var rest = await _site.RestoreAsync(reading);
            Assert.Equal("Bob's", await File.ReadAllTextAsync(Path.Combine(rest, "users", "bob", "own.txt")));
            Assert.False(Directory.Exists(Path.Combine(rest, "users", "ada")));
        }
        // The old key store with the escrow's KEK and whatever epoch secret there is: no record opens, hers not and nobody's.
        using var found = EscrowFolder.Read([_site["shares"]]);
        using var keys = found.Open().Keys;
        var options = Installation.KeyOptionsOf(_site.Load(file)) with { KeyStoreReplicas = [old, _site["nowhere"]] };
        var environment = new KeyEnvironment(_site.Clock, System.Security.Cryptography.RandomNumberGenerator.Create(), new DiskKeyFiles(_site.Clock));
        using var verifier = new SignatureVerifier(keys.KeyRole.PublicKey.Span);
        Assert.Equal("EpochSecretMissing", Assert.Throws<StingException>(() => KeyStore.Open(environment, options, found.Shares[0].Share.ReserveId, verifier)).ErrorId);
        var secret = (await File.ReadAllBytesAsync(Directory.GetFiles(Path.Combine(_site.Site2, "epoch-place"), "epoch-*.secret").Single())).AsSpan(KeyFrame.HeaderSize + 20, 32).ToArray();
        using var cipher = new System.Security.Cryptography.AesGcm(secret, 16);
        var records = RecordFile.Read(await File.ReadAllBytesAsync(Directory.GetFiles(old, "*.keys").Single()), found.Shares[0].Share.ReserveId, 1, "old").Records;
        Assert.NotEmpty(records);
        Assert.DoesNotContain(records, record => record.OpensOuter(cipher, found.Shares[0].Share.ReserveId, 1) || record.OpensOuter(cipher, found.Shares[0].Share.ReserveId, 2));
    }

    private async Task<KeyEscrowCheck> TestAsync(IReadOnlyList<string> paths)
    {
        await using var installation = await _site.OpenAsync();
        return await KeyEscrowJob.TestAsync(installation, paths, default);
    }

    [Fact]
    public async Task Making_one_takes_an_approval_writes_private_files_alone_and_stands_in_the_audit_chain()
    {
        await using (var before = await _site.OpenAsync())
        {
            var status = await StatusReader.ReadAsync(before, default);
            Assert.Equal(EscrowState.Missing, status.Escrow);
            Assert.Contains(status.Warnings, w => w.Contains("There is no escrow of the keys", StringComparison.Ordinal));
        }
        var made = await _site.ExportAsync();
        var files = Directory.GetFiles(_site["shares"]);
        Assert.Equal(11, files.Length);
        Assert.Equal((5, 5), (made.ShareFiles.Count, made.Pages.Count));
        Assert.All(files, f => Assert.True(OperatingSystem.IsWindows() || File.GetUnixFileMode(f) == Mode600));
        await using var installation = await _site.OpenAsync();
        var audit = (await AuditReader.ReadAsync(installation, default)).Where(e => e.Command == "Export-StingKeyEscrow").ToList();
        Assert.Equal([AuditEvent.Requested, AuditEvent.Approved, AuditEvent.Executed], audit.Select(e => e.Event!.Value));
        Assert.Equal("3of5", audit[2].Outcome);
        Assert.Equal(EscrowState.Current, Assert.Single(installation.Keys!.Escrows).State);
        Assert.DoesNotContain((await StatusReader.ReadAsync(installation, default)).Warnings, w => w.Contains("escrow", StringComparison.Ordinal));
        Assert.Contains(installation.Keys.ListAsync(null, default).ToBlockingEnumerable(), k => k.Kind == KeyKind.Escrow && k.State == KeyState.Ready && k.Name == "3 of 5 shares");
        // No share anywhere but in its files: not in the key directory, the repository, the state or the result.
        var lines = made.ShareFiles.SelectMany(File.ReadAllLines).Where(line => line.Length > 2 && line[0] == 'S' && char.IsAsciiDigit(line[1])).Select(line => line[4..24]).ToList();
        Assert.Equal(20, lines.Count);
        var outside = string.Concat(Directory.GetFiles(_site.Site1, "*", SearchOption.AllDirectories).Concat(Directory.GetFiles(_site.Site2, "*", SearchOption.AllDirectories)).Select(f => System.Text.Encoding.Latin1.GetString(File.ReadAllBytes(f)))) + System.Text.Json.JsonSerializer.Serialize(made);
        Assert.All(lines, line => Assert.DoesNotContain(line, outside, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_test_proves_recovery_and_keeps_nothing()
    {
        var made = await _site.ExportAsync();
        string Snapshot() => string.Join('\n', Directory.GetFiles(Path.Combine(_site.Site1, "keys"), "*", SearchOption.AllDirectories).Order().Select(f => f + Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(f)))));
        var before = Snapshot();
        var check = await TestAsync([made.ShareFiles[1], made.ShareFiles[2], made.ShareFiles[3]]);
        Assert.Equal((EscrowState.Current, true, 3, 5), (check.State!.Value, check.IsRecoverable!.Value, check.Threshold, check.Shares));
        Assert.Equal([2, 3, 4], check.Given);
        Assert.True(check.Records > 20 && check.Records == check.RecordsOpened);
        Assert.Empty(check.Problems);
        Assert.Equal(before, Snapshot());
        Assert.Equal("EscrowSharesTooFew", (await Assert.ThrowsAsync<StingException>(() => TestAsync([made.ShareFiles[1], made.ShareFiles[2]]))).ErrorId);
        Assert.Equal([2], KeyEscrowJob.Look([made.ShareFiles[1]]).Given);
        await using var installation = await _site.OpenAsync();
        Assert.Contains(await AuditReader.ReadAsync(installation, default), e => e.Command == "Test-StingKeyEscrow" && e.Outcome == "Recoverable" && e.Event == AuditEvent.Noted);
    }

    [Fact]
    public async Task An_escrow_of_another_kek_is_told_as_stale()
    {
        var made = await _site.ExportAsync();
        // The KEK changes, as far as an escrow can tell: another stands in the public half, and nothing else is touched.
        var keys = Path.Combine(_site.Site1, "keys");
        var path = Path.Combine(keys, PublicHalf.FileName);
        var half = PublicHalf.Read(await File.ReadAllBytesAsync(path), path);
        using (var kek = AgreementKey.Generate())
        using (var old = PrivateHalfFile.Open(await File.ReadAllBytesAsync(Path.Combine(keys, PrivateHalfFile.FileName)), path, half.ReserveId, null))
        {
            await File.WriteAllBytesAsync(path, (half with { KekPublicKey = kek.PublicKey.ToArray(), KekGeneration = 2 }).ToBytes(old.KeyRole));
        }
        var check = await TestAsync(made.ShareFiles);
        Assert.Equal((EscrowState.Stale, false), (check.State!.Value, check.IsRecoverable!.Value));
        Assert.Contains(check.Problems, p => p.Contains("The keys were changed", StringComparison.Ordinal));
        await using var installation = await _site.OpenAsync();
        var status = await StatusReader.ReadAsync(installation, default);
        Assert.Equal(EscrowState.Stale, status.Escrow);
        Assert.Contains(status.Warnings, w => w.Contains("its shares open nothing that is in force", StringComparison.Ordinal));
        Assert.Equal(KeyState.Stale, installation.Keys!.ListAsync(null, default).ToBlockingEnumerable().Single(k => k.Kind == KeyKind.Escrow).State);
    }

    [Fact]
    public async Task Places_and_numbers_that_would_undo_it_are_refused()
    {
        await using var installation = await _site.OpenAsync();
        async Task<string> RefusedAsync(string folder, int shares = 5, int threshold = 3) =>
            (await Assert.ThrowsAsync<StingException>(async () => await KeyEscrowJob.PlanExportAsync(installation, folder, shares, threshold, true, default))).ErrorId;
        foreach (var place in (string[])[Path.Combine(_site.Reserve, "x"), Path.Combine(_site.Backups, "x"), Path.Combine(_site.Site1, "keys", "x"), Path.Combine(_site.Site2, "store", "x"), Path.Combine(_site.Site2, "epoch-place"), Path.Combine(_site.Site1, "state", "x")])
        {
            Assert.Equal("EscrowPlaceUnsafe", await RefusedAsync(place));
        }
        Assert.Equal("OutputExists", await RefusedAsync(_site["site2"]));
        Assert.Equal("EscrowCountInvalid", await RefusedAsync(_site["new"], 5, 1));
        Assert.Equal("EscrowCountInvalid", await RefusedAsync(_site["new"], 3, 4));
        Assert.Equal("EscrowCountInvalid", await RefusedAsync(_site["new"], 21, 3));
        Assert.False(Directory.Exists(_site["new"]));
    }

    [Fact]
    public async Task An_import_never_replaces_keys_and_never_takes_anothers()
    {
        var made = await _site.ExportAsync();
        StingException Refused(string file) => Assert.Throws<StingException>(() => KeyEscrowImport.Plan(_site.Load(file), made.ShareFiles, KeyProtection.Open, _site.Clock));
        Assert.Equal("KeysExist", Refused(_site.ConfigurationFile).ErrorId);
        var fingerprint = made.KeyFingerprint;
        var file = _site.Lose();
        EscrowSite.Configure(file, text => text.Replace(fingerprint, new string('0', 64), StringComparison.Ordinal));
        Assert.Equal("KeyRoleMismatch", Refused(file).ErrorId);
        Assert.False(Directory.Exists(Path.Combine(_site["site3"], "keys")));
    }

    [Fact]
    public async Task An_import_that_was_cut_off_is_repeated_and_one_whose_other_places_are_away_is_mended_later()
    {
        var made = await _site.ExportAsync();
        var file = _site.Lose();
        Directory.Move(Path.Combine(_site.Site2, "store"), _site["away"]);
        var first = await _site.ImportAsync(file, made.ShareFiles);
        Assert.Null(first.Records);
        Assert.Contains(first.Warnings, w => w.Contains("store", StringComparison.Ordinal));
        // Cut off between the two files: the key file is there, the public half is not.
        File.Delete(Path.Combine(first.KeyDirectory, PublicHalf.FileName));
        Directory.Move(_site["away"], Path.Combine(_site.Site2, "store"));
        Assert.True((await _site.ImportAsync(file, made.ShareFiles)).Records > 0);
        await using var reading = await _site.OpenAsync(file);
        AssertSame(_site.Reserve, await _site.RestoreAsync(reading));
    }

    [Fact]
    public void An_escrow_that_another_program_wrote_from_the_page_opens()
    {
        var golden = Path.Combine(AppContext.BaseDirectory, "Keys", "Golden", "escrow-1");
        using var found = EscrowFolder.Read([Path.Combine(golden, "share-3.txt"), Path.Combine(golden, "share-1.txt")]);
        var (escrow, keys) = found.Open();
        using var opened = keys;
        Assert.Equal(("101112131415161718191a1b1c1d1e1f", "e0e1e2e3e4e5e6e7e8e9eaebecedeeef", 2, 3), (escrow.ReserveId.ToString(), escrow.Id.ToString(), (int)escrow.Threshold, escrow.Shares));
        Assert.Equal(Enumerable.Range(0x40, 32).Select(i => (byte)i), opened.KeyRole.Scalar.ToArray());
        Assert.Equal(Enumerable.Range(0xa0, 32).Select(i => (byte)i), opened.DirectoryKey.Span.ToArray());
        Assert.Equal(Enumerable.Range(0x80, 32).Select(i => (byte)i), opened.Kek.Secret.ToArray());
    }
}
