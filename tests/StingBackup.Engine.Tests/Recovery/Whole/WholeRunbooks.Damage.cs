using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using StingBackup.Engine.Tests.Sting;
using StingBackup.Fixtures.Ceph;
using StingBackup.Fixtures.Sting;
using StingBackup.Fixtures.Vault;

namespace StingBackup.Engine.Tests.Recovery.Whole;

/// <summary>Somebody encrypts; something writes what is wrong.</summary>
internal sealed partial class WholeRunbooks
{
    private const string OfficersWords = "the officer's own words";

    private async Task RansomwareAsync()
    {
        await using var whole = await WholeInstallation.CreateAsync(NewFolder("ransomware"), _options, locked: true);
        var host = whole.Primary;
        await AddOfficerAsync(whole);
        var (image, writes, safe, _) = await WorkAsync(whole);
        await using (writes)
        {
            var disaster = await writes.StopAsync();
            await EncryptAsync(whole);
            // The schedule goes on: it backs up what the encryptor left.
            (await whole.RunAsync(host, "sting-backup", "incremental")).Ended(Fine);
            await DeleteBucketAsync(whole);

            var watch = Stopwatch.StartNew();
            Task<ProgramEnd> BookAsync(params string[] more) => whole.RunAsync(host, "sting-backup", ["recover", "--scenario=ransomware", $"--destination={whole.At}/clean", "--schedule-kind=cron", $"--schedule-directory={Schedules(whole, host)}", "--confirm", "--json", "--quiet", .. more]);
            var token = await File.ReadAllTextAsync(host["backup/vault-token"]);
            Requires(await BookAsync(), "RunbookWaits");
            Assert.Null(whole.Site.Vault.Tokens.Find(token));
            await NewCredentialsAsync(whole);
            Requires(await BookAsync("--resume", "--acknowledge=5"), "RunbookWaits");
            image.RequireFilesApart(host["clean"]);

            // People looked; the hosts are built anew, and the clean state goes to its place.
            await whole.Site.Cluster.KillAsync();
            foreach (var part in (string[])["site/install", "site/uploads", "site/vault-values"])
            {
                await RemoveAsync(host[part]);
            }
            host.Kill();
            var site = await whole.RebuildAsync(host);
            WholeInstallation.UseVault(host, whole.Site, site);
            (await whole.RunAsync(host, "sting-restore", "full", "--clean-point", "--allow-partial", "--confirm")).Ended(Fine);
            var same = (await WholeImage.TakeAsync(site)).RequireSame(image);
            Requires(await BookAsync("--resume", "--acknowledge=8"), "ApprovalRequired");
            await ApproveAsync(whole);
            var end = (await BookAsync("--resume")).Ended(Fine);
            output.WriteLine($"#   {Steps(Report(end), "DoneWithErrors")}");
            Tell("ransomware", watch.Elapsed, 48, await LossesAsync(writes, site, safe, disaster), same);
            // The server is another: its log is no continuation of the one that was received, and begins with a base backup.
            Directory.Move(host["backup/state/wal"], host["backup/state/wal of the old server"]);
            await GoOnAsync(whole, host, site, "full");
        }
    }

    private async Task DataCorruptionAsync()
    {
        await using var whole = await WholeInstallation.CreateAsync(NewFolder("corruption"), _options);
        var host = whole.Primary;
        var (image, writes, safe, good) = await WorkAsync(whole, 3);
        await using (writes)
        {
            var stopped = await writes.StopAsync();
            var person = whole.Site.Plan.People[1];
            await BreakAsync(whole.Site, $"WHERE owner_id = '{person.FolderName}'", whole.Site.Plan.Uploads.Where(u => u.Owner == person));
            (await whole.RunAsync(host, "sting-backup", "incremental")).Ended(Fine);
            var end = (await whole.RunAsync(host, "sting-backup", "recover", "--scenario=data-corruption", $"--email={person.Email}", $"--backup-id={good}", "--confirm", "--json", "--quiet")).Ended(Fine);
            RequireDone(Report(end));
            Tell("data corruption, one person", end.Took, 4, await LossesAsync(writes, whole.Site, stopped, stopped), (await WholeImage.TakeAsync(whole.Site)).RequireSame(image));

            // The whole reserve: what uses the databases must be stopped, and is.
            await BreakAsync(whole.Site, "", whole.Site.Plan.Uploads);
            var connected = await whole.Site.Cluster.ConnectAsync("sting_app");
            string[] book = ["recover", "--scenario=data-corruption", $"--backup-id={good}", "--confirm", "--json", "--quiet"];
            await using (connected)
            {
                Requires(await whole.RunAsync(host, "sting-backup", book), "PostgresBusy");
            }
            end = (await whole.RunAsync(host, "sting-backup", [.. book, "--resume"])).Ended(Fine);
            RequireDone(Report(end));
            Tell("data corruption, everything", end.Took, 4, (await LossesAsync(writes, whole.Site, safe, stopped)).Where(l => l.Kind == "row"), (await WholeImage.TakeAsync(whole.Site)).RequireSame(image));
            Assert.Equal("3", await whole.Site.Cluster.ValueAsync("postgres", "SELECT count(*) FROM pg_database WHERE datname LIKE '%\\_before\\_%'"));
        }
    }

    private static void Requires(ProgramEnd end, string errorId) => Assert.True(end.Errors.Contains(errorId, StringComparison.Ordinal) || end.Output.Contains(errorId, StringComparison.Ordinal), $"it ended with {end.Code}, and not for {errorId}: {end.Errors}{end.Output}");

    /// <summary>Every file under another name and unreadable, every secret's value, a row of everybody.</summary>
    private static async Task EncryptAsync(WholeInstallation whole)
    {
        foreach (var part in (string[])["install/honey-reserve", "install/conf", "uploads"])
        {
            foreach (var path in Directory.EnumerateFiles(Path.Join(whole.Site.Root, part), "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint }).Where(path => !path.Contains('\uFFFD', StringComparison.Ordinal)).ToList())   // .NET opens no name that is not UTF-8
            {
                var bytes = RandomNumberGenerator.GetBytes((int)Math.Min(new FileInfo(path).Length + 16, 1 << 20));
                await File.WriteAllBytesAsync(path, bytes);
                if (System.Text.Encoding.UTF8.GetByteCount(Path.GetFileName(path)) < 240)
                {
                    File.Move(path, path + ".locked");
                }
            }
        }
        using var client = whole.Site.Vault.Client();
        foreach (var path in (await SiteImage.SecretsAsync(whole.Site)).Keys)
        {
            await client.Kv().WriteAsync(path, VaultClients.Json($$"""{"data": "{{Convert.ToBase64String(RandomNumberGenerator.GetBytes(3000))}}"}"""), null, default);
        }
        await whole.Site.Cluster.ExecuteAsync("sting_app", "UPDATE file_assets SET filename = filename || '.locked'");
    }

    /// <summary>Whoever has the host's keys deletes what lies in the bucket, and every version. Locks keep those that are locked.</summary>
    private async Task DeleteBucketAsync(WholeInstallation whole)
    {
        var page = await whole.Client.ListVersionsAsync(whole.Bucket);
        var (kept, gone) = (0, new List<string>());
        foreach (var version in page.Versions)
        {
            await whole.Client.DeleteObjectAsync(whole.Bucket, version.Key);
            try
            {
                await whole.Client.DeleteObjectAsync(whole.Bucket, version.Key, version.VersionId);
                gone.Add(version.Key);
            }
            catch (Amazon.S3.AmazonS3Exception)
            {
                kept++;
            }
        }
        await output.WriteLineAsync($"#   of the bucket {kept} objects could not be deleted, {gone.Count} could: {string.Join(", ", gone.Select(k => string.Join('/', k.Split('/').Take(2))).Distinct())}");
    }

    /// <summary>What the runbook asks for: the command that it printed, run where the S3 server is administered, then new logins of this host.</summary>
    private static async Task NewCredentialsAsync(WholeInstallation whole)
    {
        var journal = await File.ReadAllTextAsync(Directory.EnumerateFiles(whole.Primary["backup/state/runbooks"], "*.jsonl").Single());
        var command = journal.Split('\n').Where(l => l.Contains("\"what\":\"next\"", StringComparison.Ordinal)).Select(l => JsonDocument.Parse(l).RootElement.GetProperty("detail").GetString()!).Single(d => d.Contains("radosgw-admin", StringComparison.Ordinal));
        Assert.DoesNotContain(whole.AccessKey, journal, StringComparison.Ordinal);
        await whole.S3.ShellAsync(command[command.IndexOf("radosgw-admin", StringComparison.Ordinal)..], whole.AccessKey);
        var refused = await Assert.ThrowsAsync<Amazon.S3.AmazonS3Exception>(() => whole.Client.ListObjectsV2Async(new Amazon.S3.Model.ListObjectsV2Request { BucketName = whole.Bucket }));
        Assert.Equal("InvalidAccessKeyId", refused.ErrorCode);
        await whole.NewKeyAsync("second");
        await WholeInstallation.GiveAsync(whole.Primary, whole.Site);
    }

    private static async Task BreakAsync(StingSite site, string where, IEnumerable<StingUpload> uploads)
    {
        var before = await WholeImage.TakeAsync(site);
        await site.Cluster.ExecuteAsync("sting_app", $"UPDATE file_assets SET filename = 'wrong' {where}");
        using var client = site.Vault.Client();
        foreach (var upload in uploads.Where(u => u is { IsDeleted: false, HasRow: true } && u.Storage != StingStorage.OnDisk).DistinctBy(u => u.SecretPath).Take(50))
        {
            await client.Kv().WriteAsync(upload.SecretPath, VaultClients.Upload([1, 2, 3], "wrong"), null, default);
        }
        foreach (var upload in uploads.Where(u => u.Storage == StingStorage.OnDisk))
        {
            var path = Path.Join(site.Install, "honey-reserve", upload.OwnerId, upload.FileId);
            if (File.Exists(path))
            {
                await File.WriteAllTextAsync(path, "wrong");
            }
        }
        var after = await WholeImage.TakeAsync(site);
        Assert.True(!before.Rows.SequenceEqual(after.Rows) && !before.Secrets.SequenceEqual(after.Secrets), "nothing was broken");
    }

    private static async Task AddOfficerAsync(WholeInstallation whole)
    {
        await File.WriteAllTextAsync(whole.Primary["officer.pass"], OfficersWords + "\n");
        Engine.Reserve.Sample.SampleWriter.SetMode(whole.Primary["officer.pass"], UnixFileMode.UserRead | UnixFileMode.UserWrite);
        (await whole.Primary.RunAsync("sting-backup", "approver-new", "--name=officer", $"--key-file={whole.At}/officer.approver", $"--approver-passphrase-file={whole.At}/officer.pass")).Ended(0);
        (await whole.RunAsync(whole.Primary, "sting-backup", "approver-add", $"--public-file={whole.At}/officer.approver.pub", "--confirm")).Ended(0);
    }

    private static async Task ApproveAsync(WholeInstallation whole)
    {
        foreach (var request in Directory.EnumerateFiles(whole.Primary["backup/state/approvals"], "*.request"))
        {
            (await whole.Primary.RunAsync("sting-backup", "approve", $"--path={whole.At}/backup/state/approvals/{Path.GetFileName(request)}", $"--key-file={whole.At}/officer.approver", $"--approver-passphrase-file={whole.At}/officer.pass", "--confirm")).Ended(0);
        }
    }
}
