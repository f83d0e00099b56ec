using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Amazon.Runtime;
using Amazon.S3;
using StingBackup.Engine.Storage.S3;

namespace StingBackup.Fixtures.Ceph;

/// <summary>
/// A real S3 server: Ceph's gateway over one monitor and one object daemon that keeps everything in memory, on loopback, with folders of its own. It starts in about three
/// seconds, once a process, and ends with it, however that ends.
/// </summary>
internal sealed class CephCluster
{
    public const string AccessKey = "testaccess", SecretKey = "testsecret", GuestAccessKey = "guestaccess", GuestSecretKey = "guestsecret";

    private static readonly Lazy<Task<CephCluster>> Shared = new(StartAsync);

    private readonly string _folder = Directory.CreateTempSubdirectory("sting-test-ceph-").FullName;
    private readonly List<Process> _daemons = [];
    private int _buckets;

    private readonly Lazy<Task<string>> _locked;

    private CephCluster() => _locked = new Lazy<Task<string>>(async () =>
    {
        var name = $"locked-{Guid.NewGuid():n}"[..30];
        await Client.PutBucketAsync(new Amazon.S3.Model.PutBucketRequest { BucketName = name, ObjectLockEnabledForBucket = true });
        return name;
    });

    /// <summary>The server without TLS.</summary>
    public Uri Address { get; private set; } = null!;
    /// <summary>The same server with TLS.</summary>
    public Uri SecureAddress { get; private set; } = null!;
    /// <summary>The authority that its certificate is of.</summary>
    public string Authority => Path.Combine(_folder, "ca.pem");
    /// <summary>A client without any of this project's code between it and the server.</summary>
    public AmazonS3Client Client { get; private set; } = null!;
    /// <summary>How long the start took.</summary>
    public TimeSpan StartTime { get; private set; }

    /// <summary>The cluster that all tests share.</summary>
    public static Task<CephCluster> GetAsync() => Shared.Value;

    /// <summary>Makes a bucket.</summary>
    public async Task<string> NewBucketAsync()
    {
        var name = $"bucket-{Interlocked.Increment(ref _buckets)}-{Guid.NewGuid():n}"[..40];
        await Client.PutBucketAsync(name);
        return name;
    }

    /// <summary>A bucket with Object Lock on, and so with versions; one for all tests.</summary>
    public Task<string> LockedBucketAsync() => _locked.Value;

    /// <summary>How a store reaches a bucket here.</summary>
    public S3Options Options(string address) => new()
    {
        Address = S3Address.Parse(address), Endpoint = Address, PathStyle = true, Login = new S3GivenLogin(AccessKey, SecretKey),
    };

    public AmazonS3Client NewClient(string key, string secret) => new(new BasicAWSCredentials(key, secret), new AmazonS3Config
    {
        ServiceURL = Address.ToString(), ForcePathStyle = true, AuthenticationRegion = "us-east-1", UseHttp = true,
        RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED, ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
    });

    /// <summary>Runs radosgw-admin, as whoever runs the server would.</summary>
    public Task<string> AdminAsync(params string[] words) => RunAsync(["radosgw-admin", .. words]);

    /// <summary>Runs a line of a shell with the server's administration at hand.</summary>
    public async Task ShellAsync(string line, string accessKey)
    {
        var start = new ProcessStartInfo("sh", ["-c", line]) { RedirectStandardError = true, RedirectStandardOutput = true };
        (start.Environment["CEPH_CONF"], start.Environment["AWS_ACCESS_KEY_ID"]) = (Path.Combine(_folder, "ceph.conf"), accessKey);
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"'{line}' ended with {process.ExitCode}: {errors}{await output}");
        }
    }

    private static async Task<CephCluster> StartAsync()
    {
        if (CephBinaries.Missing is { } why)
        {
            throw new InvalidOperationException(why);
        }
        var cluster = new CephCluster();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => cluster.End();
        try
        {
            var time = Stopwatch.StartNew();
            await cluster.BringUpAsync();
            cluster.StartTime = time.Elapsed;
            return cluster;
        }
        catch
        {
            cluster.End();
            throw;
        }
    }

    private async Task BringUpAsync()
    {
        foreach (var folder in (string[])["mon", "mgr", "osd", "rgw", "run", "log"])
        {
            Directory.CreateDirectory(Path.Combine(_folder, folder));
        }
        var ports = Enumerable.Range(0, 4).Select(_ => FreePorts.Next()).ToArray();
        Address = new Uri($"http://127.0.0.1:{ports[0]}");
        SecureAddress = new Uri($"https://127.0.0.1:{ports[1]}");
        WriteCertificates();
        await File.WriteAllTextAsync(Path.Combine(_folder, "ceph.conf"), Configuration(ports));
        var keyring = Path.Combine(_folder, "keyring");
        await RunAsync("ceph-authtool", "--create-keyring", keyring, "--gen-key", "-n", "mon.", "--cap", "mon", "allow *");
        foreach (var (name, caps) in new[] { ("client.admin", "mon osd mgr"), ("mgr.x", "mon osd"), ("osd.0", "mon osd mgr"), ("client.rgw", "mon osd mgr") })
        {
            await RunAsync(["ceph-authtool", keyring, "--gen-key", "-n", name, .. caps.Split(' ').SelectMany(c => (string[])["--cap", c, "allow *"])]);
        }
        var map = Path.Combine(_folder, "monmap");
        await RunAsync("monmaptool", "--create", "--fsid", _id, "--addv", "a", $"[v2:127.0.0.1:{ports[2]},v1:127.0.0.1:{ports[3]}]", map);
        await RunAsync("ceph-mon", "--mkfs", "-i", "a", "--monmap", map, "--keyring", keyring);
        StartDaemon("ceph-mon", "-f", "-i", "a");
        await RunAsync("ceph", "--connect-timeout", "30", "mon", "stat");
        StartDaemon("ceph-mgr", "-f", "-i", "x");
        var disk = Guid.NewGuid().ToString();
        await RunAsync("ceph", "osd", "new", disk);
        await RunAsync("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", disk);
        StartDaemon("ceph-osd", "-f", "-i", "0");
        await UntilAsync(async () => (await RunAsync("ceph", "osd", "stat")).Contains("1 up", StringComparison.Ordinal), "the object daemon");
        await RunAsync("radosgw-admin", "user", "create", "--uid=test", "--display-name=test", $"--access-key={AccessKey}", $"--secret-key={SecretKey}");
        await RunAsync("radosgw-admin", "user", "create", "--uid=guest", "--display-name=guest", $"--access-key={GuestAccessKey}", $"--secret-key={GuestSecretKey}");
        foreach (var storageClass in (string[])["GLACIER", "DEEP_ARCHIVE", "GLACIER_IR"])
        {
            await RunAsync("radosgw-admin", "zonegroup", "placement", "add", "--rgw-zonegroup", "default", "--placement-id", "default-placement", "--storage-class", storageClass);
            await RunAsync("radosgw-admin", "zone", "placement", "add", "--rgw-zone", "default", "--placement-id", "default-placement", "--storage-class", storageClass, "--data-pool", "default.rgw.cold.data");
        }
        await StartGatewayAsync();
    }

    /// <summary>The gateway is killed, as by a power cut; what it had acknowledged is kept.</summary>
    public void KillGateway()
    {
        var gateway = _daemons[^1];
        _daemons.Remove(gateway);
        gateway.StandardInput.Close();
        gateway.WaitForExit();
    }

    /// <summary>It starts, and answers.</summary>
    public async Task StartGatewayAsync()
    {
        StartDaemon("radosgw", "-f", "-n", "client.rgw");
        Client = NewClient(AccessKey, SecretKey);
        await UntilAsync(async () =>
        {
            try
            {
                await Client.ListBucketsAsync();
                return true;
            }
            catch (Exception e) when (e is HttpRequestException or AmazonClientException or AmazonServiceException or SocketException)
            {
                return false;
            }
        }, "the gateway");
    }

    private readonly string _id = Guid.NewGuid().ToString();

    /// <summary>What makes it fast: short waits between monitors, few placement groups, manager modules off. Authentication must be on, or the gateway waits a minute for it.</summary>
    private string Configuration(int[] ports) => $"""
        [global]
        fsid = {_id}
        mon host = [v2:127.0.0.1:{ports[2]},v1:127.0.0.1:{ports[3]}]
        public addr = 127.0.0.1
        cluster addr = 127.0.0.1
        public network = 127.0.0.0/8
        ms bind ipv6 = false
        auth cluster required = cephx
        auth service required = cephx
        auth client required = cephx
        auth allow insecure global id reclaim = true
        keyring = {_folder}/keyring
        run dir = {_folder}/run
        pid file = {_folder}/run/$name.pid
        admin socket = {_folder}/run/$name.asok
        log file = {_folder}/log/$name.log
        mon cluster log file = {_folder}/log/cluster.log
        crash dir = {_folder}/crash
        osd pool default size = 1
        osd pool default min size = 1
        osd pool default pg num = 8
        osd pool default pgp num = 8
        osd pool default pg autoscale mode = off
        mon allow pool size one = true
        mon max pg per osd = 1000
        osd crush chooseleaf type = 0
        mon data avail warn = 2
        mon data avail crit = 1
        [mon]
        paxos propose interval = 0.05
        paxos min wait = 0.01
        mon tick interval = 1
        mon data = {_folder}/mon
        mon initial members = a
        mon pg warn min per osd = 0
        mon warn on pool no redundancy = false
        [mgr]
        mgr data = {_folder}/mgr
        mgr initial modules =
        mgr disabled modules = alerts balancer crash devicehealth influx insights iostat localpool mirroring nfs orchestrator osd_perf_query osd_support pg_autoscaler progress prometheus rbd_support restful selftest snap_schedule stats status telegraf telemetry test_orchestrator volumes zabbix
        [osd]
        osd data = {_folder}/osd
        osd objectstore = memstore
        memstore device bytes = 8589934592
        osd class load list = *
        osd class default list = *
        osd memory target = 939524096
        osd op num shards = 2
        [client.rgw]
        rgw data = {_folder}/rgw
        rgw frontends = beast endpoint=127.0.0.1:{ports[0]} ssl_endpoint=127.0.0.1:{ports[1]} ssl_certificate={_folder}/server.pem ssl_private_key={_folder}/server.key tcp_nodelay=1
        rgw dns name = localhost
        rgw enable usage log = false
        rgw enable ops log = false
        rgw num rados handles = 1
        rgw crypt require ssl = false
        rgw enable apis = s3, admin
        debug rgw = 1

        """;

    private void WriteCertificates()
    {
        var now = TimeProvider.System.GetUtcNow();
        using var authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var authorityRequest = new CertificateRequest("CN=sting test authority", authorityKey, HashAlgorithmName.SHA256);
        authorityRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var authority = authorityRequest.CreateSelfSigned(now.AddDays(-1), now.AddDays(2));
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.Create(authority, now.AddDays(-1), now.AddDays(2), [1, 2, 3, 4, 5, 6, 7, 8]);
        File.WriteAllText(Authority, authority.ExportCertificatePem());
        File.WriteAllText(Path.Combine(_folder, "server.pem"), certificate.ExportCertificatePem());
        File.WriteAllText(Path.Combine(_folder, "server.key"), key.ExportPkcs8PrivateKeyPem());
    }

    private void StartDaemon(string name, params string[] arguments)
    {
        // The shell ends the daemon when the pipe closes: when this process ends, however that happens.
        var script = "\"$@\" >>\"$STING_LOG\" 2>&1 </dev/null & read -r _; kill -9 $!; wait 2>/dev/null";
        var start = new ProcessStartInfo("sh", ["-c", script, "sh", CephBinaries.Tool(name), .. arguments]) { RedirectStandardInput = true, RedirectStandardError = true };
        start.Environment["CEPH_CONF"] = Path.Combine(_folder, "ceph.conf");
        start.Environment["STING_LOG"] = Path.Combine(_folder, "log", name + ".out");
        _daemons.Add(Process.Start(start)!);
    }

    private async Task<string> RunAsync(params string[] command)
    {
        var start = new ProcessStartInfo(CephBinaries.Tool(command[0]), command[1..]) { RedirectStandardError = true, RedirectStandardOutput = true };
        start.Environment["CEPH_CONF"] = Path.Combine(_folder, "ceph.conf");
        start.Environment["PYTHONWARNINGS"] = "ignore";
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? await output : throw new InvalidOperationException($"{command[0]} ended with {process.ExitCode}: {errors}");
    }

    private async Task UntilAsync(Func<Task<bool>> ready, string what)
    {
        for (var wait = Stopwatch.StartNew(); !await ready(); await Task.Delay(50))
        {
            if (wait.Elapsed > TimeSpan.FromSeconds(60))
            {
                throw new InvalidOperationException($"Ceph: {what} does not start; see {_folder}/log.");
            }
        }
    }

    private void End()
    {
        foreach (var daemon in Enumerable.Reverse(_daemons))
        {
            daemon.StandardInput.Close();
        }
        foreach (var daemon in _daemons)
        {
            daemon.WaitForExit(5000);
        }
        try
        {
            Directory.Delete(_folder, recursive: true);
        }
        catch (IOException)
        {
        }
    }
}
