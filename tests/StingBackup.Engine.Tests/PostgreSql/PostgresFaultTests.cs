using System.Diagnostics;
using System.Text;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Sources.PostgreSql.Logical;
using StingBackup.Engine.Sources.PostgreSql.Restore;
using StingBackup.Engine.Tests.Support;

namespace StingBackup.Engine.Tests.PostgreSql;

/// <summary>What goes wrong is told by name, with the source and the remedy; a password is told by nobody.</summary>
[Collection(StingClusterCollection.Name)]
public sealed class PostgresFaultTests(StingCluster sting) : IDisposable
{
    private const string Password = "s3cret-that-nobody-tells";
    private readonly TempFolder _folder = new();

    private PostgresCluster Cluster => sting.Cluster;

    public void Dispose() => _folder.Dispose();

    [PostgresFact]
    public async Task A_wrong_password_is_named_but_not_told()
    {
        await Cluster.ExecuteAsync("postgres", $"CREATE ROLE sting_password LOGIN SUPERUSER PASSWORD '{Password}'");
        try
        {
            var wrong = await FailureAsync(Cluster.Tcp with { User = "sting_password", Password = "wrong-" + Password });
            Assert.Equal(("PostgresDenied", FailureKind.Authentication), (wrong.ErrorId, wrong.Kind));
            Assert.Contains($"sting_password@127.0.0.1:{Cluster.Port}", wrong.Message, StringComparison.Ordinal);
            Assert.DoesNotContain(Password, wrong.ToString(), StringComparison.Ordinal);
            Assert.DoesNotContain(Password, (Cluster.Tcp with { Password = Password }).ToString(), StringComparison.Ordinal);

            // The right one, from the settings and from a file of passwords, for queries and for tools.
            var file = _folder["pass"];
            await File.WriteAllTextAsync(file, $"# comment\nelsewhere:*:*:*:no\n127.0.0.1:{Cluster.Port}:*:sting_password:{Password}\n");
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            }
            foreach (var settings in new[] { Cluster.Tcp with { User = "sting_password", Password = Password }, Cluster.Tcp with { User = "sting_password", PassFile = file } })
            {
                using var capture = await LogicalCapture.TakeAsync(settings with { Databases = ["kratos"] }, new LogicalCaptureOptions(), default);
                Assert.Empty(capture.Failures);
            }
            Assert.Equal(Password, PassFile.Find(file, Cluster.Tcp with { User = "sting_password" }, "kratos"));
        }
        finally
        {
            await Cluster.ExecuteAsync("postgres", "DROP ROLE sting_password");
        }
    }

    [PostgresFact]
    public async Task A_server_that_is_down_is_named()
    {
        foreach (var settings in new[] { Cluster.Tcp with { Port = 1 }, Cluster.Settings with { Host = _folder.Path } })
        {
            var down = await FailureAsync(settings);
            Assert.Equal(("PostgresUnreachable", settings.Location), (down.ErrorId, down.Target));
            Assert.Contains("Check that the server runs", down.Remedy, StringComparison.Ordinal);
        }
    }

    [PostgresFact]
    public async Task A_database_that_is_not_there_is_named()
    {
        var missing = await FailureAsync(Cluster.Settings with { Databases = ["sting_ap"] });
        Assert.Equal("PostgresDatabaseMissing", missing.ErrorId);
        Assert.Contains("\"sting_ap\" does not exist", missing.Message, StringComparison.Ordinal);
    }

    [PostgresFact]
    public async Task Tools_of_another_version_are_refused_with_both_versions()
    {
        foreach (var tool in new[] { "pg_dump", "pg_dumpall", "pg_restore", "pg_basebackup", "psql" })
        {
            Script(tool, $"echo '{tool} (PostgreSQL) 11.22'");
        }
        var other = await FailureAsync(Cluster.Settings with { ToolFolder = _folder.Path });
        Assert.Equal("PostgresToolMismatch", other.ErrorId);
        Assert.Contains("is PostgreSQL 1", other.Message, StringComparison.Ordinal);
        Assert.Contains($"11.22 in {_folder.Path}", other.Message, StringComparison.Ordinal);
        Assert.Contains("postgresql-client-", other.Remedy, StringComparison.Ordinal);
        Assert.Equal("PostgresToolMissing", (await FailureAsync(Cluster.Settings with { ToolFolder = Path.Combine(_folder.Path, "none") })).ErrorId);
    }

    [PostgresFact]
    public async Task Tools_run_in_the_databases_container_and_no_argument_holds_the_password()
    {
        // Stands in for docker: drops what docker takes for itself, and runs the tool with the environment that docker would hand on.
        var docker = Script("docker", $"""
            echo "$*" >> '{_folder["calls"]}'
            [ "$1" = exec ] || exit 1; shift
            while [ "$1" != sting-db ]; do shift; done; shift
            tool=$1; shift; exec "{PostgresBinaries.Folder}/$tool" "$@"
            """);
        var settings = Cluster.Settings with
        {
            ToolFolder = _folder["none"], Container = "sting-db", ContainerCommand = docker, ContainerHost = Cluster.Root, ContainerPort = Cluster.Port, Password = Password, Databases = ["kratos"],
        };
        using var capture = await LogicalCapture.TakeAsync(settings, new LogicalCaptureOptions(), default);
        using var reader = new StreamReader(new SourceCaptureFiles(capture, default).Open(CapturePath.Of("kratos", CapturePath.PreData)));
        Assert.Contains("CREATE TABLE public.identities", await reader.ReadToEndAsync(), StringComparison.Ordinal);
        var calls = await File.ReadAllTextAsync(_folder["calls"]);
        Assert.Contains("-e PGPASSWORD", calls, StringComparison.Ordinal);
        Assert.Contains("pg_dumpall", calls, StringComparison.Ordinal);
        Assert.DoesNotContain(Password, calls, StringComparison.Ordinal);

        // A tool that tells it all the same does not get it into our words.
        Script("docker", "case \"$*\" in *--version) echo 'pg_dump (PostgreSQL) " + Cluster.Settings.ToolFolder!.Split('/')[4] + ".1';; *) echo \"fatal: $PGPASSWORD\" >&2; exit 1;; esac");
        var failure = await FailureAsync(settings);
        Assert.Equal("PostgresToolFailed", failure.ErrorId);
        Assert.Contains("fatal: ***", failure.Message, StringComparison.Ordinal);
    }

    [PostgresFact]
    public async Task A_full_disk_below_the_spool_ends_the_capture_by_name()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return;   // only root may mount a small disk
        }
        var mount = _folder["small"];
        Directory.CreateDirectory(mount);
        await ShellAsync("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", mount);
        try
        {
            var full = await Assert.ThrowsAsync<StingException>(() => LogicalCapture.TakeAsync(Cluster.Settings, new LogicalCaptureOptions { SpoolFolder = mount }, default));
            Assert.Equal(("PostgresSpoolFull", FailureKind.ResourceExhausted), (full.ErrorId, full.Kind));
            Assert.Empty(Directory.EnumerateFileSystemEntries(mount));
        }
        finally
        {
            await ShellAsync("umount", mount);
        }
    }

    private static async Task<StingException> FailureAsync(PostgresSettings settings) =>
        await Assert.ThrowsAsync<StingException>(() => LogicalCapture.TakeAsync(settings, new LogicalCaptureOptions(), default));

    private string Script(string name, string text)
    {
        File.WriteAllText(_folder[name], $"#!/bin/sh\n{text}\n", new UTF8Encoding(false));
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(_folder[name], (UnixFileMode)0b111_101_101);
        }
        return _folder[name];
    }

    private static async Task ShellAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        await process.WaitForExitAsync();
        Assert.Equal(0, process.ExitCode);
    }
}
