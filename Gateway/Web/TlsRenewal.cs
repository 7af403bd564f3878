using System.Net.Security;
using ActorRaid.Gateway.Settings;

namespace ActorRaid.Gateway.Web;

/// <summary>
/// The credentials in force: those of the start, until the files that hold them change. Certificates are renewed every few weeks, and a page that is
/// watched should not have to be restarted for that. Files that cannot be used change nothing, and are told.
/// </summary>
internal sealed class TlsRenewal(GatewaySettings settings, TlsCredentials first, ILogger log, TimeSpan every)
{
    /// <summary>How often the files are looked at, at most: with the first connection after that time.</summary>
    internal static readonly TimeSpan Every = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private TlsCredentials _now = first;
    private string _stamp = Stamp(settings);
    private long _looked = Environment.TickCount64;

    /// <summary>How a connection begins that begins now.</summary>
    internal SslServerAuthenticationOptions Options()
    {
        lock (_gate)
        {
            if (Environment.TickCount64 - _looked >= every.TotalMilliseconds)
            {
                _looked = Environment.TickCount64;
                Look();
            }
            return _now.Options();
        }
    }

    private void Look()
    {
        var stamp = Stamp(settings);
        if (stamp == _stamp)
            return;
        _stamp = stamp;
        try
        {
            // Those before are not disposed of: connections may be beginning with them.
            _now = TlsCredentials.Load(settings) ?? _now;
            log.LogInformation("the certificate of {File} is in force: valid until {End:u}", settings.Certificate, _now.Chain[0].NotAfter.ToUniversalTime());
        }
        catch (InvalidDataException e)
        {
            log.LogError("{Problem}; the certificate before stays in force, valid until {End:u}", e.Message, _now.Chain[0].NotAfter.ToUniversalTime());
        }
    }

    private static string Stamp(GatewaySettings settings) =>
        string.Join(' ', new[] { settings.Certificate, settings.CertificateKey, settings.ClientAuthorities }.OfType<string>().Select(Stamp));

    // Of what a link leads to: the link may stay when the file behind it is replaced.
    private static long Stamp(string path)
    {
        try
        {
            return (File.ResolveLinkTarget(path, returnFinalTarget: true)?.LastWriteTimeUtc ?? File.GetLastWriteTimeUtc(path)).Ticks;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }
}
