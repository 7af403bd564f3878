using System.Text;
using ActorRaid.Tests.SysfsIo;
using Mono.Unix.Native;
using Xunit;

namespace ActorRaid.Tests.Actors;

/// <summary>
/// An attribute on which every write waits until somebody lets it go: a link to a named pipe that nobody reads. Each
/// write gets a pipe of its own. With one for all, the next writer might come while the one before is still read: it
/// would wait for nobody, or write what nobody reads any more.
/// </summary>
internal sealed class HangingAttribute : IDisposable
{
    private readonly TemporaryFolder _pipes = new();
    private readonly List<int> _readers = [];
    private readonly string _path;
    private string _pipe = "";
    private int _made;
    private bool _over;

    /// <param name="sysfs">Where it is to be.</param>
    /// <param name="array">md126</param>
    /// <param name="attribute">Its name.</param>
    public HangingAttribute(FakeSysfs sysfs, string array, string attribute)
    {
        _path = sysfs.PathOf(array, attribute);
        Directory.CreateDirectory(Path.GetDirectoryName(_path)!);
        MakePipe();
    }

    /// <summary>Lets one write go, or waits for it; what was written.</summary>
    public string LetGo()
    {
        string? written = null;
        Patience.Until(() => (written = TakeOne()) is not null, $"a write to {_path}");
        return written!;
    }

    /// <summary>Whoever waits, or will, is let go.</summary>
    public void Dispose()
    {
        if (!_over)
        {
            _over = true;
            File.Delete(_path);
            _readers.Add(Open(_pipe));
            foreach (var reader in _readers)
            {
                Syscall.close(reader);
            }

            _pipes.Dispose();
        }
    }

    /// <summary>From now on whoever comes waits at another pipe.</summary>
    private void MakePipe()
    {
        _pipe = _pipes[$"pipe-{++_made}"];
        Assert.Equal(0, Syscall.mkfifo(_pipe, FilePermissions.S_IRUSR | FilePermissions.S_IWUSR));
        File.CreateSymbolicLink(_pipes["link"], _pipe);
        File.Move(_pipes["link"], _path, overwrite: true);
    }

    /// <summary>
    /// Null: nobody writes. A writer that has looked up a pipe may come there only later: all are looked at again.
    /// </summary>
    private string? TakeOne()
    {
        var pipe = _pipe;
        MakePipe();
        _readers.Add(Open(pipe));
        return _readers.Select(Read).FirstOrDefault(written => written is not null);
    }

    private static int Open(string pipe)
    {
        var reader = Syscall.open(pipe, OpenFlags.O_RDONLY | OpenFlags.O_NONBLOCK | OpenFlags.O_CLOEXEC);
        Assert.True(reader >= 0, pipe);
        return reader;
    }

    /// <summary>What the one who is at that pipe writes, to its end; null: nobody is.</summary>
    private static string? Read(int reader)
    {
        var text = new StringBuilder();
        var isThere = false;
        Patience.Until(
            () =>
            {
                isThere = ReadMore(reader, text);
                return !isThere;
            },
            "the end of a write");
        return text.Length > 0 ? text.ToString() : null;
    }

    /// <summary>False: whoever was there has closed it.</summary>
    private static unsafe bool ReadMore(int reader, StringBuilder text)
    {
        var bytes = stackalloc byte[256];
        var count = Syscall.read(reader, bytes, 256);
        if (count > 0)
        {
            text.Append(Encoding.ASCII.GetString(bytes, (int)count));
        }

        return count != 0;
    }
}
