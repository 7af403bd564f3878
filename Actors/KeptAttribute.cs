using ActorRaid.SysfsIo;

namespace ActorRaid.Actors;

/// <summary>What could not be read of an array's attributes though it is there. Not for two threads.</summary>
internal sealed class Readings
{
    private KernelError? _notRead;

    /// <summary>Opens an attribute.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="otherwise">What it says where it is not there, and when it is gone.</param>
    /// <param name="writable">It will be written as well.</param>
    public KeptAttribute Open(string path, string otherwise, bool writable = false)
    {
        var opened = SysfsAttribute.Open(path, writable);
        Note(opened.Error);
        return new KeptAttribute(this, opened, otherwise);
    }

    /// <summary>Notes an error; none, and one that means gone, is none.</summary>
    public void Note(KernelError error)
    {
        if (error.Errno != 0 && !error.MeansGone)
        {
            _notRead = error;
        }
    }

    /// <summary>The last error since this was asked last; null: none.</summary>
    public KernelError? Take()
    {
        var taken = _notRead;
        _notRead = null;
        return taken;
    }
}

/// <summary>An attribute that is kept open, and what it said last: that is what it says when it cannot be read.</summary>
internal sealed class KeptAttribute
{
    private readonly Readings _readings;
    private readonly string _otherwise;
    private string _last;

    /// <summary>One that was opened, or could not be.</summary>
    public KeptAttribute(Readings readings, Result<SysfsAttribute> opened, string otherwise)
    {
        _readings = readings;
        _otherwise = otherwise;
        File = opened.Ok ? opened.Value : null;
        OpenError = opened.Ok ? null : opened.Error;
        _last = otherwise;
        Text();
    }

    /// <summary>The file; null where it could not be opened.</summary>
    public SysfsAttribute? File { get; }

    /// <summary>Why it could not be opened; null: it could.</summary>
    public KernelError? OpenError { get; }

    /// <summary>Whether there is such an attribute.</summary>
    public bool IsThere => File is not null;

    /// <summary>The last reading found it gone.</summary>
    public bool IsGone { get; private set; }

    /// <summary>What it says; what it said last when it cannot be read.</summary>
    public string Text()
    {
        if (Read() is not { } text)
        {
            return IsGone ? _otherwise : _last;
        }

        return _last = text;
    }

    /// <summary>What it says; null when it cannot be read, or is gone.</summary>
    public string? Read()
    {
        if (File is null)
        {
            IsGone = OpenError is { MeansGone: true };
            return null;
        }

        var read = File.Read();
        IsGone = !read.Ok && read.Error.MeansGone;
        _readings.Note(read.Error);
        return read.Ok ? read.Value : null;
    }

    /// <summary>Has changes told, if it is there.</summary>
    public void Watch(EventLoop loop, Action changed)
    {
        if (File is not null)
        {
            loop.Watch(File, changed);
        }
    }

    /// <summary>Ends that, and closes it.</summary>
    public void Close(EventLoop loop)
    {
        if (File is not null)
        {
            loop.Unwatch(File);
            File.Dispose();
        }
    }
}
