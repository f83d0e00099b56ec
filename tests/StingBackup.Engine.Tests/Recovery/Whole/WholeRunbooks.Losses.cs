using System.Diagnostics;
using StingBackup.Fixtures.Sting;

namespace StingBackup.Engine.Tests.Recovery.Whole;

/// <summary>The host is lost; the site is lost, and comes back.</summary>
internal sealed partial class WholeRunbooks
{
    private async Task HardwareFailureAsync()
    {
        await using var whole = await WholeInstallation.CreateAsync(NewFolder("hardware"), _options);
        WholeInstallation.Set(whole.Primary, ("disaster", "standby_host: sting-standby"));
        var (standby, site) = await whole.AddAsync("sting-standby");
        WholeInstallation.UseVault(standby, whole.Site, site);
        var (image, writes, safe, _) = await WorkAsync(whole);
        await using (writes)
        {
            var disaster = await LoseAsync(whole, writes);
            var end = (await whole.RunAsync(standby, "sting-backup", "recover", "--scenario=hardware-failure", "--fenced", "--schedule-kind=cron", $"--schedule-directory={Schedules(whole, standby)}", "--confirm", "--json", "--quiet")).Ended(Fine);
            RequireDone(Report(end));
            var same = (await WholeImage.TakeAsync(site)).RequireSame(image);
            await GoOnAsync(whole, standby, site);
            Tell("hardware failure", end.Took, 2, await LossesAsync(writes, site, safe, disaster), same);
        }
    }

    private async Task DataCenterLossAsync()
    {
        await using var whole = await WholeInstallation.CreateAsync(NewFolder("site"), _options);
        var (dr, site) = await whole.AddAsync("sting-dr", "pg-dr");
        var (image, writes, safe, _) = await WorkAsync(whole);
        await using (writes)
        {
            var disaster = await writes.StopAsync();
            whole.Primary.Kill();
            await whole.Site.Cluster.KillAsync();
            // The server of the bucket replicates; what it had not yet brought over would be lost besides.
            var replica = await whole.ReplicateAsync();
            foreach (var machine in (Machine[])[whole.Primary, dr])
            {
                WholeInstallation.Set(machine, ("disaster", $"bucket: s3://{replica}/main\n  endpoint: {whole.S3.Address.GetLeftPart(UriPartial.Authority)}\n  backup_root: {whole.At}/dr-repository\n  database: {whole.At}/pg-dr\n  vault: {WholeInstallation.AddressOf(site)}"));
            }
            var end = (await whole.RunAsync(dr, "sting-backup", "recover", "--scenario=data-center-loss", "--fenced", "--schedule-kind=cron", $"--schedule-directory={Schedules(whole, dr)}", "--confirm", "--json", "--quiet")).Ended(Fine);
            RequireDone(Report(end));
            var same = (await WholeImage.TakeAsync(site)).RequireSame(image);
            Tell("data center loss", end.Took, 8, await LossesAsync(writes, site, safe, disaster), same);
            await FailBackAsync(whole, dr, site);
        }
    }

    /// <summary>People work at the DR site; then the first site stands again, with what it held when the power went.</summary>
    private async Task FailBackAsync(WholeInstallation whole, Machine dr, StingSite site)
    {
        var drConfig = Path.Join(whole.At, "backup", "sting-backup.dr.yaml");
        // The numbers of the first site's writes are taken.
        var there = SteadyWrites.Begin(site, 100_000);
        await using var writes = there;
        await Task.Delay(TimeSpan.FromSeconds(3));
        var stopped = await there.StopAsync();
        // Somebody comes who was never at the first site: his key is made here.
        var newcomer = Directory.CreateDirectory(Path.Join(site.Install, "honey-reserve", "5f0c2a61-7a0e-4b7e-9d0b-3f6d4b1f8a10")).FullName;
        await File.WriteAllTextAsync(Path.Join(newcomer, "first.txt"), "written at the DR site");
        var image = await WholeImage.TakeAsync(site);
        (await dr.RunAsync(["sting-backup", "incremental", "--config", drConfig])).Ended(Fine);
        (await dr.RunAsync(["sting-backup", "sync", "--config", drConfig])).Ended(Fine);
        await whole.Site.Cluster.RestartAsync();
        var watch = Stopwatch.StartNew();
        var end = (await whole.RunAsync(whole.Primary, "sting-backup", "recover", "--scenario=data-center-loss", "--failback", "--fenced", "--schedule-kind=cron", $"--schedule-directory={Schedules(whole, whole.Primary)}", "--confirm", "--json", "--quiet")).Ended(Fine);
        RequireDone(Report(end));
        var same = (await WholeImage.TakeAsync(whole.Site)).RequireSame(image);
        Tell("the way back", watch.Elapsed, 8, await LossesAsync(there, whole.Site, stopped, stopped), same);
        var aside = await whole.Site.Cluster.ValueAsync("postgres", "SELECT count(*) FROM pg_database WHERE datname LIKE '%\\_before\\_%'");
        Assert.Equal("3", aside);
        await GoOnAsync(whole, whole.Primary, whole.Site);
    }

    /// <summary>The power goes, and the disks with it.</summary>
    private static async Task<DateTimeOffset> LoseAsync(WholeInstallation whole, SteadyWrites writes)
    {
        var disaster = await writes.StopAsync();
        whole.Primary.Kill();
        await whole.Site.Cluster.KillAsync();
        await whole.Site.Vault.DisposeAsync();
        await RemoveAsync(whole.Primary.Folder);
        return disaster;
    }

    /// <summary>Removes a folder, whatever names it holds: .NET's own deletion knows none that is not UTF-8.</summary>
    private static async Task RemoveAsync(string folder)
    {
        using var remove = Process.Start("rm", ["-rf", folder]);
        await remove.WaitForExitAsync();
        Assert.Equal(0, remove.ExitCode);
    }

    private static string Schedules(WholeInstallation whole, Machine machine)
    {
        Directory.CreateDirectory(machine["cron"]);
        return Path.Join(whole.At, "cron");
    }

    /// <summary>Whoever took over protects what comes next: the capture starts, a run is whole, every tier is sound.</summary>
    private static async Task GoOnAsync(WholeInstallation whole, Machine machine, StingSite site, string run = "incremental")
    {
        await whole.CaptureAsync(machine);
        await site.Cluster.ExecuteAsync("sting_app", "INSERT INTO audit_logs(user_id, action, at) VALUES ('1', 'afterwards', now())");
        (await whole.RunAsync(machine, "sting-backup", run)).Ended(0);
        foreach (var tier in (string[])["local", "remote"])
        {
            (await whole.RunAsync(machine, "sting-backup", "verify", $"--tier={tier}")).Ended(0);
        }
    }
}
